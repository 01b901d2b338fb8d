import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { streamJsonl, writeAtomic, writeJson } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";
import type { Reading } from "../eval/headline.ts";
import { predictionFile } from "../eval/prediction-file.ts";
import type { Prediction } from "../eval/types.ts";
import type { Pair } from "../metrics/pairs.ts";
import { type Metrics, score } from "../metrics/score.ts";
import { isAsked } from "./cells.ts";
import type { Evaluation } from "./evaluation.ts";

/** Of a suite's folder: predictions as LaMP's own evaluation takes them. */
export const OFFICIAL = "official";

/** One method's predictions of one task in a file of LaMP's form, and what LaMP's metrics make of it. */
export interface OfficialFile {
  readonly method: string;
  readonly task: Task;
  /** Below the folder: `tagpr/LaMP_2.json`. */
  readonly path: string;
  readonly n: number;
  readonly metrics: Metrics;
}

/** Which of an evaluation's answers are written; all by default. */
interface Wanted {
  readonly methods?: readonly string[];
  readonly tasks?: readonly string[];
  /** How answers are read; by default as the evaluation counts them. */
  readonly reading?: Reading;
}

/**
 * Writes an evaluation in LaMP's output format, `{"task": "LaMP_2", "golds": [{"id", "output"}]}`: `<method>/<task>.json`
 * of predictions, `golds/<task>.json` of golds, and `scores.json` with LaMP's metrics of each. An output is the greedy
 * answer as the evaluation reads it, empty where none can be read, and `metrics` is what the benchmark's own code makes of
 * the files: the evaluation's scores, except that its lenient ROUGE counts the better of both readings. Tasks of the user-based split are called `LaMP_2_user`.
 */
export async function writeOfficial(
  dir: string,
  evaluation: Evaluation,
  { methods = evaluation.methods, tasks: names = [], reading = evaluation.result.reading }: Wanted = {},
): Promise<OfficialFile[]> {
  rmSync(join(dir, "scores.json"), { force: true });
  const tasks = evaluation.tasks.filter(({ name }) => isAsked({ tasks: names }, name));
  const files: OfficialFile[] = [];
  for (const method of methods) {
    const file = evaluation.file(method);
    if (!existsSync(file)) continue;
    const answers = await readOutputs(file, tasks, reading);
    for (const task of tasks) {
      const own = answers.get(task.name) ?? [];
      if (own.length === 0) continue;
      const name = `${officialName(task, own)}.json`;
      const path = `${predictionFile(method).replace(/\.jsonl$/, "")}/${name}`;
      writeAtomic(join(dir, path), asLamp(task, own, "prediction"));
      writeAtomic(join(dir, "golds", name), asLamp(task, own, "gold"));
      files.push({ method, task, path, n: own.length, metrics: score(task, own).official });
    }
  }
  const scores = files.map(({ task, ...one }) => ({ ...one, task: task.name }));
  writeJson(join(dir, "scores.json"), scores);
  return files;
}

/** An answer as a line of LaMP's files. */
interface Output extends Pair {
  readonly id: string;
  readonly user: string | null;
}

async function readOutputs(
  file: string,
  tasks: readonly Task[],
  reading: Reading,
): Promise<ReadonlyMap<string, readonly Output[]>> {
  const found = new Map(tasks.map(({ name }) => [name, [] as Output[]]));
  for await (const { task, query: id, user, strict, lenient, gold } of streamJsonl<Prediction>(file))
    found.get(task)?.push({ id, user, prediction: reading === "strict" ? (strict ?? "") : lenient, gold });
  return found;
}

/** `LaMP_4`, `LaMP_4_user` of the split whose files name no user, as `tagpr data download` calls its folder. */
export const officialName = (
  { name }: Pick<Task, "name">,
  queries: readonly { readonly user: string | null }[],
): string => (name.startsWith("LaMP_") && queries.every(({ user }) => user === null) ? `${name}_user` : name);

/** The benchmark's two forms of LaMP-2 both call themselves LaMP_2. */
const asLamp = ({ name }: Task, own: readonly Output[], what: "prediction" | "gold"): string =>
  `{"task":${JSON.stringify(name.replace(/^(LaMP_\d+)_old$/, "$1"))},"golds":[${own
    .map((one) => JSON.stringify({ id: one.id, output: one[what] }))
    .join(",\n")}]}\n`;
