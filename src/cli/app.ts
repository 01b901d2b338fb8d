import type { Config } from "../core/config/schema.ts";
import type { Engines } from "../engine/engines.ts";
import type { EndpointName } from "../llm/errors.ts";
import type { Flights } from "../llm/flights.ts";
import type { Measure } from "../run/machine.ts";
import type { Stage } from "../run/stage.ts";
import type { Io } from "./io.ts";

/** What a command works with: the world, and the parts that a test replaces by fakes. */
export interface App {
  readonly io: Io;
  readonly stages: readonly Stage[];
  readonly openEngines: (options: OpenEngines) => Engines;
  /** Decides what a config leaves to `auto`. */
  readonly measure: (io: Io) => Measure;
  /** A command that fails without throwing (a check that found something) puts its exit code here. */
  readonly outcome: { code: number };
}

export interface OpenEngines {
  readonly config: Config;
  /** The run directory, which holds the embedded engine's store. */
  readonly run: string;
  readonly io: Io;
  /** Hears what a remote provider of embeddings makes a person wait for; default: a line on `io.err`. */
  readonly say?: (line: string) => void;
  /** Where its requests on their way are counted. */
  readonly flights?: Flights;
  /** Further base models that are asked, beside those of the config. */
  readonly also?: readonly string[];
  /** How its hints call a setting; default: as a config does. */
  readonly setting?: EndpointName["setting"];
}
