import type { Config } from "../core/config/schema.ts";
import type { Progress } from "../core/progress.ts";
import type { Engine } from "../engine/types.ts";

/** The paper's pipeline, in order. */
export const STAGE_NAMES = ["data", "chains", "sft", "prmu", "guided", "explore", "eval", "report"] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** One engine a role; roles with equal settings share a process. Opened when a stage first asks. */
export interface Engines {
  policy(): Promise<Engine>;
  reward(): Promise<Engine>;
  embeddings(): Promise<Engine>;
  /** Ends every process that was started; safe to call twice. */
  close(): Promise<void>;
}

/** What a stage works with. Everything impure comes in here. */
export interface StageContext {
  /** The run directory. */
  readonly run: string;
  /** The stage's own folder, which exists. */
  readonly dir: string;
  readonly config: Config;
  /** The stage's key ({@link stageKey}): it names what the stage makes, so that nothing downstream takes it for another's. */
  readonly key: string;
  readonly progress: Progress;
  readonly engines: Engines;
  readonly fetch: typeof globalThis.fetch;
  /** Value of an environment variable that holds a key. */
  readonly secret: (name: string) => string | undefined;
  /** Milliseconds; for timings only. */
  readonly now: () => number;
}

export interface Stage {
  readonly name: StageName;
  /** What it does, for the bar. */
  readonly title: string;
  /** What it depends on of the config. */
  readonly config: (config: Config) => unknown;
  /** Files of earlier stages that it reads, relative to the run. */
  readonly reads: (config: Config) => readonly string[];
  /** Identity of what it reads from outside the run: data files, a model's folder. */
  readonly outside?: (config: Config) => Promise<unknown>;
  /** Writes its outputs into `context.dir`; called again after a crash, it goes on from what stands there. */
  readonly run: (context: StageContext) => Promise<void>;
}
