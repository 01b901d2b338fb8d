import type { Config } from "../core/config/schema.ts";
import type { Progress } from "../core/progress.ts";
import type { AblationName, StageName } from "../core/stages.ts";
import type { Engines } from "../engine/engines.ts";
import type { Flights } from "../llm/flights.ts";
import type { Fetch } from "../llm/http.ts";

/** What a stage works with. Everything impure comes in here. */
export interface StageContext {
  /** The run directory. */
  readonly run: string;
  /** The stage's own folder, which exists. */
  readonly dir: string;
  readonly config: Config;
  /** Of which ablation the stage is: it reads what that has of its own in place of what TagPR has. */
  readonly ablation?: AblationName | null;
  /** The stage's key ({@link stageKey}): it names what the stage makes, so that nothing downstream takes it for another's. */
  readonly key: string;
  readonly progress: Progress;
  readonly engines: Engines;
  /** The folder of a model, for its tokenizer and chat template. */
  readonly modelDir: (name: string) => Promise<string>;
  /** For model APIs. */
  readonly fetch: Fetch;
  /** Where their requests on their way are counted, so that a stop can wait for what is paid. */
  readonly flights: Flights;
  /** Goes on where too little is there to learn from (`--anyway`). */
  readonly anyway?: boolean;
  /** Value of an environment variable that holds a key. */
  readonly secret: (name: string) => string | undefined;
  /** Milliseconds; for timings only. */
  readonly now: () => number;
  /** Seconds that this stage has taken so far, over all attempts. */
  readonly spent: () => number;
  /** Lists files, relative to the folder, whose names hang on what is written: to be called before they are. */
  readonly claim: (files: readonly string[]) => void;
}

/** Identity of what a stage reads from outside the run. */
export type Outside = (config: Config, tools: Pick<StageContext, "modelDir">) => Promise<unknown>;

export interface Stage {
  readonly name: StageName;
  /** Whether a run needs it; without, every run does. */
  readonly wanted?: (config: Config) => boolean;
  /** What it depends on of the config. */
  readonly config: (config: Config) => unknown;
  /** Files of earlier stages that it reads, relative to the run. */
  readonly reads: (config: Config) => readonly string[];
  /** Identity of what it reads from outside the run: data files, a model's folder. */
  readonly outside?: Outside;
  /**
   * Every file that it may write into its folder, besides the logs of a training loop: these, and what it claims, are
   * its own. What else stands there is a person's, and neither sealed nor deleted.
   */
  readonly writes: readonly string[];
  /** Files outside its folder that it writes too, relative to the folder. */
  readonly alsoWrites?: readonly string[];
  /** Throws what would end it at once, before what an earlier attempt has made is deleted. */
  readonly check?: (given: Pick<StageContext, "run" | "config">) => Promise<void>;
  /** Writes its outputs into `context.dir`; called again after a crash, it goes on from what stands there. */
  readonly run: (context: StageContext) => Promise<void>;
}
