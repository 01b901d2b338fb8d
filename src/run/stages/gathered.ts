import type { Task } from "../../data/task.ts";
import type { Example, ShownExample } from "../../data/types.ts";

export const SPLITS = ["chains", "rl", "prmu", "dev", "test"] as const;
export type SplitName = (typeof SPLITS)[number];

/** Chooses the items that are shown; the rest of the history is let go at once: at LaMP's size it fills the memory. */
export type Show = (task: Task, example: Example) => Promise<ShownExample>;

/** What a source of data hands over: tasks, examples by split, and what else is known (the synthetic world). */
export interface Gathered {
  readonly tasks: readonly Task[];
  readonly splits: Readonly<Record<SplitName, readonly ShownExample[]>>;
  /** Further files of the stage, by name. */
  readonly extras: Readonly<Record<string, unknown>>;
}
