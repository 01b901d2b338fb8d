import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { readJson } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";
import { causalFile, predictionFile } from "../eval/prediction-file.ts";
import { readResult } from "../eval/read-result.ts";
import type { Budget, Result } from "../eval/result-types.ts";
import { methodLabel } from "../methods/tables.ts";
import { configOfRun } from "../model/record.ts";
import { type Answers, readAnswers } from "./answers.ts";
import { isAsked } from "./cells.ts";
import type { Suite } from "./schema.ts";

/** Answers that stand in a folder: a cell of a suite, or any run that was evaluated. */
export interface Evaluation {
  /** Its name in a suite (`own+seed-5`), else the folder's. */
  readonly id: string;
  readonly dir: string;
  /** The run that its answers were trained in, which holds its data; often the same folder. */
  readonly run: string;
  readonly seed: number;
  readonly config: Config;
  readonly tasks: readonly Task[];
  readonly result: Result;
  /** In the order of its table. */
  readonly methods: readonly string[];
  readonly label: (method: string) => string;
  /** What the method had and took; absent in files of older versions. */
  readonly budget: (method: string) => Budget | undefined;
  /** File of a method's predictions, or of those with another user's items. */
  readonly file: (method: string, swapped?: boolean) => string;
  /** File of what the steps of a method's chains do to its answers. */
  readonly causalFile: (method: string) => string;
  /** A method's answers to a task, read once; null where it gave none. */
  readonly answers: (method: string, task: string, swapped?: boolean) => Promise<Answers | null>;
}

/**
 * Opens what `tagpr eval` left in a folder. `run`: where its data stands, where that is not the folder itself.
 * @throws TagprError `run` where nothing was evaluated there
 */
export function openEvaluation(
  dir: string,
  { id, run = dir }: { readonly id: string; readonly run?: string },
): Evaluation {
  const result = readResult(dir);
  if (result === null)
    throw new TagprError("run", `${dir} holds no evaluation (there is no result.json)`, {
      hint: "Evaluate it first: tagpr eval RUN, or tagpr suite FILE --out DIR.",
    });
  const config = configOfRun(dir);
  const tasks = tasksOf(dir, run).filter(({ name }) => (result.tasks ?? [result]).some(({ task }) => task === name));
  const known = new Map<string, Promise<ReadonlyMap<string, Answers>>>();
  const file = (method: string, swapped = false): string =>
    join(dir, "eval", swapped ? "swapped" : "", predictionFile(method));
  const read = (path: string): Promise<ReadonlyMap<string, Answers>> => {
    const standing = known.get(path) ?? readAnswers(path, tasks, result.reading);
    known.set(path, standing);
    return standing;
  };
  return {
    ...{ id, dir, run, config, tasks, result, seed: config.seed },
    methods: result.rows.map(({ method }) => method),
    label: (method) => methodLabel(method, result.labels),
    budget: (method) => result.rows.find((row) => row.method === method)?.budget,
    file,
    causalFile: (method) => join(dir, "eval", causalFile(method)),
    answers: async (method, task, swapped = false) => {
      const path = file(method, swapped);
      return existsSync(path) ? ((await read(path)).get(task) ?? null) : null;
    },
  };
}

/** The tasks that a suite shows, of those that every one of its evaluations has. */
export const askedTasks = (evaluations: readonly Evaluation[], suite: Pick<Suite, "tasks">): Task[] =>
  (evaluations[0]?.tasks ?? []).filter(
    ({ name }) => isAsked(suite, name) && evaluations.every(({ tasks }) => tasks.some((task) => task.name === name)),
  );

/** Those of `eval.paths` and `eval.profile` stand beside the answers, else they are the run's. */
function tasksOf(dir: string, run: string): Task[] {
  const [path] = [join(dir, "eval", "data", "tasks.json"), join(run, "data", "tasks.json")].filter((one) =>
    existsSync(one),
  );
  if (path === undefined)
    throw new TagprError("run", `${run} has no data/tasks.json: what its answers are to is not known`, {
      hint: "Keep the run beside its evaluation, or evaluate it again.",
    });
  return readJson<Task[]>(path);
}
