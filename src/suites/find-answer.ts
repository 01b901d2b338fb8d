import { existsSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../core/errors.ts";
import { streamJsonl } from "../core/jsonl.ts";
import { streamShown } from "../data/shown.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { Reading } from "../eval/headline.ts";
import { swapProfiles } from "../eval/swap.ts";
import type { Answered, Prediction } from "../eval/types.ts";
import { conventionOf, type MetricName } from "../metrics/score.ts";
import { sumForm } from "../metrics/sums.ts";
import { pairOf } from "./answers.ts";
import type { Evaluation } from "./evaluation.ts";

/** The queries that an evaluation asked, with the items that they showed. */
export const questionsFile = ({ dir }: Pick<Evaluation, "dir">, run: string): string => {
  const own = join(dir, "eval", "data", "test.jsonl");
  return existsSync(own) ? own : join(run, "data", "test.jsonl");
};

/** One answer, and the query that it is to, with the items that it was shown. @throws TagprError `usage` where there is no such answer */
export async function findAnswer(
  evaluation: Evaluation,
  run: string,
  wanted: { readonly task: string; readonly method: string; readonly query: string; readonly swapped?: boolean },
): Promise<{ readonly prediction: Prediction; readonly example: ShownExample | null }> {
  const { task, method, query, swapped } = wanted;
  const file = evaluation.file(method, swapped === true);
  if (!existsSync(file))
    throw new TagprError("usage", `${evaluation.id} has no answers of ${method}`, {
      hint: `It has those of ${evaluation.methods.join(", ")}.`,
    });
  const near: string[] = [];
  for await (const prediction of streamJsonl<Prediction>(file)) {
    if (prediction.task !== task) continue;
    if (prediction.query === query) return { prediction, example: await findExample(evaluation, run, wanted) };
    if (near.length < 3) near.push(prediction.query);
  }
  throw new TagprError("usage", `${method} has no answer to query ${query} of ${task}`, {
    hint:
      near.length > 0
        ? `Its queries are called ${near.join(", ")}, …`
        : `Its tasks: ${evaluation.tasks.map(({ name }) => name).join(", ")}.`,
  });
}

async function findExample(
  evaluation: Evaluation,
  run: string,
  { task, query, swapped }: Parameters<typeof findAnswer>[2],
): Promise<ShownExample | null> {
  const isIt = (example: ShownExample): boolean => example.task === task && example.id === query;
  if (swapped === true) return (await swappedExamples(evaluation, run, isIt)).find(isIt) ?? null;
  const file = questionsFile(evaluation, run);
  if (!existsSync(file)) return null;
  for await (const example of streamShown(file)) if (isIt(example)) return example;
  return null;
}

/** The queries that are wanted as `eval.swap` asked them: with another user's items. */
export async function swappedExamples(
  evaluation: Evaluation,
  run: string,
  wanted: (example: ShownExample) => boolean,
): Promise<ShownExample[]> {
  const file = questionsFile(evaluation, run);
  if (!existsSync(file)) return [];
  const all: ShownExample[] = [];
  for await (const example of streamShown(file)) all.push(example);
  return swapProfiles(all, evaluation.seed).filter(wanted);
}

/** What each metric makes of one answer: of macro-F1, which no single answer has, nothing. */
export function metricsOfOne(
  task: Task,
  answer: Answered,
  gold: string,
  reading: Reading,
): Partial<Record<MetricName, number>> {
  const { sumsOf, metrics } = sumForm(task, conventionOf(task));
  const sums = sumsOf(pairOf(answer, gold, reading));
  return Object.fromEntries(metrics.filter(({ name }) => name !== "f1_macro").map(({ name, of }) => [name, of(sums)]));
}
