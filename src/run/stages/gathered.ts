import type { Task } from "../../data/task.ts";
import type { Example, ShownExample } from "../../data/types.ts";

export const SPLITS = ["chains", "rl", "prmu", "dev", "test"] as const;
export type SplitName = (typeof SPLITS)[number];

/** What a source of data hands over: tasks, examples by split, and what else is known (the synthetic world). */
export interface Gathered {
  readonly tasks: readonly Task[];
  readonly splits: Readonly<Record<SplitName, readonly Example[]>>;
  /** Further files of the stage, by name; called with the test split as it is shown. */
  readonly extras: (test: readonly ShownExample[]) => Readonly<Record<string, unknown>>;
}
