import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import { loadTask, taskSaidBy } from "../data/task-file.ts";
import { type Output, readAnswerFile } from "./answer-files.ts";
import type { Pair } from "./pairs.ts";
import type { Convention } from "./rouge.ts";
import { conventionOf, type Score, score } from "./score.ts";

export interface ScoreRequest {
  /** Name or path of the task; null: as the golds file names itself. */
  readonly task: string | null;
  readonly golds: string;
  readonly preds: string;
  readonly convention?: Convention;
}

/**
 * Scores a file of predictions against a file of golds, in the forms of `readAnswerFile`. Golds may give several
 * references a query. Every id must stand in both files once, as LaMP's own evaluation asserts: unknown, missing and
 * duplicate ids are errors that name them.
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
  const golds = await readAnswerFile(request.golds, "golds");
  const preds = await readAnswerFile(request.preds, "predictions");
  const task = taskOf(request, golds.task, preds.task);
  const missing = [...golds.outputs.keys()].filter((id) => !preds.outputs.has(id));
  const unknown = [...preds.outputs.keys()].filter((id) => !golds.outputs.has(id));
  if (missing.length > 0 || unknown.length > 0)
    throw new TagprError("data", mismatch(request, missing, unknown), {
      hint: "Every gold needs exactly one prediction: make the missing ones (an empty output counts as wrong), delete the unknown.",
    });
  const convention = request.convention ?? conventionOf(task);
  const pairs = [...golds.outputs].map(([id, output]): Pair => {
    const [gold = "", ...references] = textsOf(output, convention);
    const said = textsOf(preds.outputs.get(id) ?? "", convention);
    if (said.length !== 1)
      throw new TagprError("data", `${request.preds}: id ${id} has ${said.length} predictions`, {
        hint: "Give one a query. (Lists of words are meant by --rouge tokens, rouge_chinese or pltrdy.)",
      });
    const prediction = said[0] ?? "";
    return references.length === 0 ? { prediction, gold } : { prediction, gold, references };
  });
  return { task, ids: [...golds.outputs.keys()], pairs, convention };
}

/** Conventions that count words which the file has parted: there a list of texts is one text's words. */
const GIVEN_WORDS: readonly Convention[] = ["tokens", "rouge_chinese", "pltrdy"];

function textsOf(output: Output, convention: Convention): string[] {
  if (typeof output === "string") return [output];
  const texts = output.map((one) => (typeof one === "string" ? one : one.join(" ")));
  return GIVEN_WORDS.includes(convention) && output.every((one) => typeof one === "string") ? [texts.join(" ")] : texts;
}

/** Whether two names are of one task as files have them: the movie and the news form of LaMP-2 both call themselves LaMP_2. */
export function sameTaskName(a: string, b: string): boolean {
  const own = (name: string) => name.replaceAll("-", "_").toLowerCase().replace(/_old$/, "");
  return own(a) === own(b);
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
  for (const [path, other] of [
    [request.golds, ofGolds],
    [request.preds, ofPreds],
  ] as const)
    if (other !== null && !sameTaskName(other, task.name))
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
