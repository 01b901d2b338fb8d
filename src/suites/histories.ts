import { existsSync } from "node:fs";
import { streamShown } from "../data/shown.ts";
import type { Evaluation } from "./evaluation.ts";
import { questionsFile } from "./find-answer.ts";

/** Items in the history of each query of a task, by query; empty where the run's data is gone. */
export async function historySizes(evaluation: Evaluation, task: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const path = questionsFile(evaluation, evaluation.run);
  if (!existsSync(path)) return sizes;
  for await (const example of streamShown(path)) if (example.task === task) sizes.set(example.id, example.historyItems);
  return sizes;
}
