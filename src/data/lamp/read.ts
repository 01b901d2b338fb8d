import { type OnProblem, type Problem, report } from "../problem.ts";
import type { Task } from "../task.ts";
import type { Example } from "../types.ts";
import { Flaw, guardRecord, identified, isObject, placeOf, textOf, toExample } from "./record.ts";
import { type RawRecord, scanRecords } from "./scan.ts";

export interface ReadOptions {
  /** Called with each bad record, which is then left out. Without it the first bad record is thrown. */
  readonly onProblem?: OnProblem;
}

export interface Answers {
  /** The file's own name of its task (`LaMP_2`), null when it is a bare array. */
  readonly task: string | null;
  /** Output by record id, in file order. */
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * Reads a file of golds or predictions: `{"task", "golds": [{"id", "output"}]}`, or the bare array.
 * Throws on a missing id or output and on a duplicate id.
 */
export async function readAnswers(path: string, options: ReadOptions = {}): Promise<Answers> {
  const outputs = new Map<string, string>();
  const records = scanRecords(path);
  for (;;) {
    const next = await records.next();
    if (next.done === true) return { task: isObject(next.value) ? textOf(next.value, "task") : null, outputs };
    const raw = next.value;
    const pair = guardRecord(path, raw, options.onProblem, () => {
      const { id, record } = identified(raw.value);
      if (outputs.has(id)) throw new Flaw("this id stands twice");
      const output = textOf(record, "output");
      if (output === null) throw new Flaw("no output");
      return { id, output };
    });
    if (pair !== null) outputs.set(pair.id, pair.output);
  }
}

/**
 * Streams the examples of one LaMP split: `{split}_questions.json` joined by id with `{split}_outputs.json`
 * (null: an unlabelled test split). Memory holds one record, one chunk, the ids and the golds.
 * Bad records, duplicate ids, questions without gold and golds without question are problems that name the record.
 */
export async function* readLamp(
  task: Task,
  questions: string,
  outputs: string | null,
  options: ReadOptions = {},
): AsyncGenerator<Example> {
  const golds = outputs === null ? null : (await readAnswers(outputs, options)).outputs;
  const seen = new Set<string>();
  for await (const raw of scanRecords(questions)) {
    const example = guardRecord(questions, raw, options.onProblem, () => {
      const { id } = identified(raw.value);
      if (seen.has(id)) throw new Flaw("this id stands twice");
      seen.add(id);
      return toExample(task, raw.value, golds?.get(id) ?? null);
    });
    if (example === null) continue;
    if (golds !== null && example.gold === null)
      report(options.onProblem, withoutGold(questions, raw, example, outputs ?? ""));
    else yield example;
  }
  const unknown = golds === null ? [] : [...golds.keys()].filter((id) => !seen.has(id));
  if (unknown.length > 0) report(options.onProblem, withoutQuestion(outputs ?? "", questions, unknown));
}

function withoutGold(path: string, raw: RawRecord, example: Example, outputs: string): Problem {
  return { place: placeOf(path, raw, example.id), kind: `no gold for this question in ${outputs}`, hint: JOIN_HINT };
}

function withoutQuestion(path: string, questions: string, ids: readonly string[]): Problem {
  const named = ids.slice(0, 5).join(", ") + (ids.length > 5 ? ", …" : "");
  return {
    place: path,
    kind: `${ids.length} golds have no question in ${questions}`,
    detail: `ids ${named}`,
    hint: JOIN_HINT,
  };
}

const JOIN_HINT =
  "The two files must be of the same split and version: download both again, or delete the odd records.";
