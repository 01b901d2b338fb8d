import { extname } from "node:path";
import { TagprError } from "../core/errors.ts";
import { identified, isObject, placeOf } from "../data/lamp/record.ts";
import { scanRecords } from "../data/lamp/scan.ts";
import { readRows } from "../data/rows.ts";
import type { Row } from "../data/table/options.ts";

/** Golds or predictions as a file holds them. */
export interface AnswerFile {
  /** The file's own name of its task, null where it says none. */
  readonly task: string | null;
  /** Texts by id, in file order: more than one where the file gives a list. */
  readonly outputs: ReadonlyMap<string, Output>;
}

/** One query's answers, as written: a text, a list of texts, or a list of lists of words. */
export type Output = string | readonly string[] | readonly (readonly string[])[];

/** Names of the column that holds the answer, the likeliest first. */
const COLUMNS = {
  golds: ["output", "gold", "golds", "references", "reference", "target", "answer"],
  predictions: ["output", "prediction", "answer", "pred", "response"],
} as const;
export type Holds = keyof typeof COLUMNS;

/** One answer of a file, as it comes. */
export interface AnswerRow {
  readonly id: string;
  /** As the row itself says; null where it says none. */
  readonly task: string | null;
  readonly output: Output;
  /** An error that says where the row stands. */
  readonly wrong: (what: string) => TagprError;
}

/** {@link answerRows} of one task, by id. @throws TagprError also where an id stands twice */
export async function readAnswerFile(path: string, holds: Holds): Promise<AnswerFile> {
  const outputs = new Map<string, Output>();
  const rows = answerRows(path, holds);
  for (;;) {
    const next = await rows.next();
    if (next.done === true) return { task: next.value, outputs };
    const { id, output, wrong } = next.value;
    if (outputs.has(id)) throw wrong(`the id ${id} stands twice`);
    outputs.set(id, output);
  }
}

/**
 * Golds or predictions, row by row: LaMP's JSON (`{"task", "golds": [{"id", "output"}]}` or the bare array), an object of id
 * and text (`{"1": "text"}`), or a table (JSONL, CSV, Parquet) with `id` (of predictions also `query`, as TagPR's own files
 * have it), one of {@link COLUMNS} and perhaps `task`. Anything else is named: a missing id or output, null, an object
 * where a text should be. Returns the task that the file says of all of it.
 */
export async function* answerRows(path: string, holds: Holds): AsyncGenerator<AnswerRow, string | null> {
  const columns = COLUMNS[holds];
  const hint = `Each ${holds === "golds" ? "gold" : "prediction"} is {"id": …, "output": "text"}, in LaMP's JSON or a row of a table (the answer may also be called ${columns.slice(1).join(", ")}); {"id": "text", …} does too.`;
  const rowOf = (id: string, task: unknown, output: () => Output, wrong: AnswerRow["wrong"]): AnswerRow => {
    try {
      return { id, task: typeof task === "string" ? task : null, output: output(), wrong };
    } catch (error) {
      throw error instanceof Shape ? wrong(error.message) : error;
    }
  };
  if (extname(path).toLowerCase() !== ".json") {
    let number = 0;
    for await (const row of readRows(path)) {
      const place = ++number;
      const at = (id: string) => (what: string) =>
        new TagprError("data", `${path}: row ${place}${id === "" ? "" : ` (id ${id})`}: ${what}`, { hint });
      const named = holds === "predictions" ? (row.id ?? row.query) : row.id;
      const id = typeof named === "string" || typeof named === "number" ? String(named) : "";
      if (id === "") throw at("")(`no id (columns: ${Object.keys(row).join(", ")})`);
      yield rowOf(id, row.task, () => outputIn(row, columns), at(id));
    }
    return null;
  }
  const records = scanRecords(path);
  let found = false;
  for (;;) {
    const next = await records.next();
    if (next.done === true) {
      const task = isObject(next.value) && typeof next.value.task === "string" ? next.value.task : null;
      if (!found) for (const entry of entriesOf(next.value)) yield rowOf(...entry, inObject(path, entry[0], hint));
      return task;
    }
    found = true;
    const { value, fault } = next.value;
    const at = (id: string | null) => (what: string) =>
      new TagprError("data", `${placeOf(path, next.value, id)}: ${what}`, { hint });
    if (fault !== undefined) throw at(null)(fault);
    const id = idIn(value);
    if (id === null) throw at(null)(`no id${isObject(value) ? ` (keys: ${Object.keys(value).join(", ")})` : ""}`);
    yield rowOf(id, (value as Row).task, () => outputIn(value as Row, columns), at(id));
  }
}

/** Where a file held no records, the object of id and text that it may be; a list that is empty is none. */
function entriesOf(around: unknown): [id: string, task: null, output: () => Output][] {
  if (!isObject(around)) return [];
  const { task: _, ...entries } = around;
  if (Object.values(entries).some((value) => Array.isArray(value) && value.length === 0)) return [];
  return Object.entries(entries).map(([id, value]) => [id, null, () => outputOf(value)]);
}

const inObject = (path: string, id: string, hint: string) => (what: string) =>
  new TagprError("data", `${path}, read as an object of id and text: ${id}: ${what}`, { hint });

/** What is wrong with the shape of an answer; the reader adds where it stands. */
class Shape extends Error {}

function idIn(value: unknown): string | null {
  try {
    return identified(value).id;
  } catch {
    return null;
  }
}

function outputIn(row: Row, columns: readonly string[]): Output {
  const column = columns.find((name) => row[name] !== undefined);
  if (column === undefined) throw new Shape(`no output (it has ${Object.keys(row).join(", ")})`);
  return outputOf(row[column]);
}

const isText = (value: unknown): value is string | number | boolean | bigint =>
  ["string", "number", "boolean", "bigint"].includes(typeof value);

function outputOf(value: unknown): Output {
  if (isText(value)) return String(value);
  if (value === null || value === undefined)
    throw new Shape('the output is null (write "" for no answer: it counts as wrong)');
  if (!Array.isArray(value))
    throw new Shape(`the output is an object with ${Object.keys(value).join(", ")}, not a text`);
  if (value.length === 0) throw new Shape("the output is an empty list");
  if (value.every(isText)) return value.map(String);
  if (value.every((one): one is unknown[] => Array.isArray(one) && one.every(isText)))
    return value.map((words) => words.map(String));
  throw new Shape("the output is a list of something else than texts");
}
