import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { mentions } from "../rewards/mentions.ts";
import type { Clue } from "./clues.ts";
import { exampleOf, type Scored } from "./pairs.ts";

/** What a clue needs to be read off a pair. */
export interface ClueContext {
  readonly examples: ReadonlyMap<string, ShownExample>;
  readonly tasks: readonly Task[];
}

/** Preferred − rejected: tokens, or mentions of the shown items. */
export function gapOf(clue: Clue, { examples, tasks }: ClueContext, pair: Scored): number {
  if (clue === "length") return pair.preferredTokens - pair.rejectedTokens;
  const example = exampleOf(examples, pair);
  const task = tasks.find(({ name }) => name === pair.task);
  return task === undefined ? 0 : mentions(pair.preferred, task, example) - mentions(pair.rejected, task, example);
}
