import { extname } from "node:path";
import { TagprError } from "../core/errors.ts";
import { readAnswers } from "../data/lamp/read.ts";
import { type Row, readRows } from "../data/rows.ts";
import type { Task } from "../data/task.ts";
import { loadTask, taskSaidBy } from "../data/task-file.ts";
import type { Convention } from "./rouge.ts";
import { conventionOf, type Pair, type Score, score } from "./score.ts";

export interface ScoreRequest {
  /** Name or path of the task; null: as the golds file names itself. */
  readonly task: string | null;
  readonly golds: string;
  readonly preds: string;
  readonly convention?: Convention;
}

/**
 * Scores a file of predictions against a file of golds: LaMP's JSON, or any table (JSONL, CSV, Parquet) with the columns
 * `id` and `output` (`prediction`, `answer`, `gold` do too). Every id must stand in both files once, as LaMP's own
 * evaluation asserts: unknown, missing and duplicate ids are errors that name them.
 */
export async function scoreFiles(request: ScoreRequest): Promise<Score & { readonly task: string }> {
  const { task, pairs, convention } = await readPairs(request);
  return { task: task.name, ...score(task, pairs, convention) };
}

export interface FilePairs {
  readonly task: Task;
  /** In the golds' order; `pairs[i]` is the query `ids[i]`. */
  readonly ids: readonly string[];
  readonly pairs: readonly Pair[];
  readonly convention: Convention;
}

/** The two files of {@link scoreFiles} joined by id. */
export async function readPairs(request: ScoreRequest): Promise<FilePairs> {
  const golds = await readOutputs(request.golds, ["output", "gold"]);
  const preds = await readOutputs(request.preds, ["output", "prediction", "answer"]);
  const task = taskOf(request, golds.task, preds.task);
  const missing = [...golds.outputs.keys()].filter((id) => !preds.outputs.has(id));
  const unknown = [...preds.outputs.keys()].filter((id) => !golds.outputs.has(id));
  if (missing.length > 0 || unknown.length > 0)
    throw new TagprError("data", mismatch(request, missing, unknown), {
      hint: "Every gold needs exactly one prediction: make the missing ones (an empty output counts as wrong), delete the unknown.",
    });
  const pairs = [...golds.outputs].map(([id, gold]) => ({ gold, prediction: preds.outputs.get(id) ?? "" }));
  return { task, ids: [...golds.outputs.keys()], pairs, convention: request.convention ?? conventionOf(task) };
}

interface Outputs {
  readonly task: string | null;
  readonly outputs: ReadonlyMap<string, string>;
}

async function readOutputs(path: string, columns: readonly string[]): Promise<Outputs> {
  if (extname(path).toLowerCase() === ".json") return readAnswers(path);
  const outputs = new Map<string, string>();
  let number = 0;
  for await (const row of readRows(path)) {
    number++;
    const wrong = (what: string) =>
      new TagprError("data", `${path}: row ${number}: ${what}`, {
        hint: `Each row has an id and one of ${columns.join(", ")}.`,
      });
    const id = textOf(row, ["id"]);
    if (id === null || id === "") throw wrong("no id");
    const output = textOf(row, columns);
    if (output === null) throw wrong(`no output (id ${id})`);
    if (outputs.has(id)) throw wrong(`the id ${id} stands twice`);
    outputs.set(id, output);
  }
  return { task: null, outputs };
}

function textOf(row: Row, columns: readonly string[]): string | null {
  for (const column of columns) {
    const value = row[column];
    if (typeof value === "string" || typeof value === "number") return String(value);
    // A list of words, for ROUGE by given words.
    if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value.join(" ");
  }
  return null;
}

function taskOf(request: ScoreRequest, ofGolds: string | null, ofPreds: string | null): Task {
  if (request.task === null && ofGolds === null && ofPreds === null)
    throw new TagprError("usage", `${request.golds} does not name its task`, {
      hint: "Say which it is: --task LaMP_4.",
    });
  const task =
    request.task !== null
      ? loadTask(request.task)
      : ofGolds !== null
        ? taskSaidBy(request.golds, ofGolds)
        : taskSaidBy(request.preds, ofPreds ?? "");
  // The movie and the news form of LaMP-2 both call themselves LaMP_2 in files.
  const own = (name: string) => name.replaceAll("-", "_").toLowerCase().replace(/_old$/, "");
  for (const [path, other] of [
    [request.golds, ofGolds],
    [request.preds, ofPreds],
  ] as const)
    if (other !== null && own(other) !== own(task.name))
      throw new TagprError("data", `${path} is of task ${other}, not ${task.name}`, {
        hint: "Give the files of one task, or another --task.",
      });
  return task;
}

function mismatch(request: ScoreRequest, missing: readonly string[], unknown: readonly string[]): string {
  const list = (ids: readonly string[]) =>
    ids.slice(0, 10).join(", ") + (ids.length > 10 ? `, … (${ids.length} in all)` : "");
  return [
    ...(missing.length > 0 ? [`${request.preds}: no prediction for ids ${list(missing)}`] : []),
    ...(unknown.length > 0 ? [`${request.preds}: ids that ${request.golds} does not have: ${list(unknown)}`] : []),
  ].join("\n");
}
