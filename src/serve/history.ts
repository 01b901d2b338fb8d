import type { Task } from "../data/task.ts";
import type { Example, ProfileItem } from "../data/types.ts";
import { type RetrieveOptions, retrieveScored, type Scored } from "../retrieval/retrieve.ts";

/** A whole history, and the way to the items of it that a question is shown. */
export interface History {
  /** Items. */
  readonly size: number;
  /** What the retriever chooses, oldest first. */
  readonly find: (
    task: Task,
    question: Omit<Example, "profile">,
    options: RetrieveOptions,
  ) => Promise<readonly Scored[]>;
}

/** A history that was handed over: items, oldest first. */
export const givenHistory = (items: readonly ProfileItem[]): History => ({
  size: items.length,
  find: (task, question, options) => retrieveScored(task, { ...question, profile: items }, options),
});
