import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import { labelIndex } from "../metrics/classification.ts";
import { exampleScore } from "../metrics/score.ts";
import { truthOf } from "../rewards/truth.ts";
import { readSaid } from "./said.ts";
import type { Answered, Reply } from "./types.ts";

/** A query that can be evaluated: with its gold and its task. */
export interface Asked {
  readonly example: ShownExample;
  readonly gold: string;
  readonly task: Task;
}

/** A response as both readings have it; `shown` are the items as its prompt numbers them. */
export function answeredOf(
  { example, gold, task }: Asked,
  { response, tokens, truncated }: Pick<Reply, "response" | "tokens" | "truncated">,
  shown: readonly ProfileItem[],
  reasoning: boolean,
): Answered {
  const by = { task, reasoning, truncated, example: { shown, input: example.input } };
  const { strict, lenient, stated } = readSaid(response, by);
  const strictScore = scoreOf(task, strict ?? "", gold);
  return {
    ...{ response, tokens, truncated, strict, lenient, strictScore },
    // As in `readingsOf`: leniency never costs.
    lenientScore: Math.max(strictScore, scoreOf(task, lenient, gold)),
    ...(reasoning ? { truth: truthOf(stated.flat(), strict) } : {}),
  };
}

/** An answer that is no label is wrong, even where the gold is none either, which LaMP's own accuracy counts as right. */
const scoreOf = (task: Task, answer: string, gold: string): number =>
  task.kind === "classification" && labelIndex(task.labels, answer) < 0 ? 0 : exampleScore(task, answer, gold);

/** @throws TagprError `data` on a query without a gold answer, or of a task that is not among these */
export function askedOf(example: ShownExample, tasks: ReadonlyMap<string, Task>): Asked {
  const { gold, id } = example;
  if (gold === null)
    throw new TagprError("data", `${example.task}, query ${id}: no gold answer to evaluate against`, {
      hint: "Evaluate on a labelled split (LaMP: dev).",
    });
  const task = tasks.get(example.task);
  if (task === undefined)
    throw new TagprError("data", `query ${id} belongs to task ${example.task}, which this run does not have`);
  return { example, gold, task };
}
