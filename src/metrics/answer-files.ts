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

/**
 * Reads golds or predictions: LaMP's JSON (`{"task", "golds": [{"id", "output"}]}` or the bare array), an object of id and
 * text (`{"1": "text"}`), or a table (JSONL, CSV, Parquet) with `id` and one of {@link COLUMNS}. Anything else is named:
 * a missing id or output, null, an object where a text should be, an id that stands twice.
 */
export async function readAnswerFile(path: string, holds: Holds): Promise<AnswerFile> {
  const outputs = new Map<string, Output>();
  const columns = COLUMNS[holds];
  const hint = `Each ${holds === "golds" ? "gold" : "prediction"} is {"id": …, "output": "text"}, in LaMP's JSON or a row of a table (the answer may also be called ${columns.slice(1).join(", ")}); {"id": "text", …} does too.`;
  const add = (id: string, value: () => Output, wrong: (what: string) => TagprError): void => {
    if (outputs.has(id)) throw wrong(`the id ${id} stands twice`);
    try {
      outputs.set(id, value());
    } catch (error) {
      throw error instanceof Shape ? wrong(error.message) : error;
    }
  };
  if (extname(path).toLowerCase() !== ".json") {
    let number = 0;
    for await (const row of readRows(path)) {
      number++;
      const at = (id: string) => (what: string) =>
        new TagprError("data", `${path}: row ${number}${id === "" ? "" : ` (id ${id})`}: ${what}`, { hint });
      const id = typeof row.id === "string" || typeof row.id === "number" ? String(row.id) : "";
      if (id === "") throw at("")(`no id (columns: ${Object.keys(row).join(", ")})`);
      add(id, () => outputIn(row, columns), at(id));
    }
    return { task: null, outputs };
  }
  const records = scanRecords(path);
  for (;;) {
    const next = await records.next();
    if (next.done === true) return finish(path, next.value, outputs, hint);
    const { value, fault } = next.value;
    const at = (id: string | null) => (what: string) =>
      new TagprError("data", `${placeOf(path, next.value, id)}: ${what}`, { hint });
    if (fault !== undefined) throw at(null)(fault);
    const id = idIn(value);
    if (id === null) throw at(null)(`no id${isObject(value) ? ` (keys: ${Object.keys(value).join(", ")})` : ""}`);
    add(id, () => outputIn(value as Row, columns), at(id));
  }
}

/** The file's task; and where it held no records, the object of id and text that it may be. */
function finish(path: string, around: unknown, outputs: Map<string, Output>, hint: string): AnswerFile {
  const task = isObject(around) && typeof around.task === "string" ? around.task : null;
  if (outputs.size > 0 || !isObject(around)) return { task, outputs };
  const { task: _, ...entries } = around;
  if (Object.values(entries).some((value) => Array.isArray(value) && value.length === 0)) return { task, outputs };
  for (const [id, value] of Object.entries(entries)) {
    try {
      outputs.set(id, outputOf(value));
    } catch (error) {
      if (error instanceof Shape)
        throw new TagprError("data", `${path}, read as an object of id and text: ${id}: ${error.message}`, { hint });
      throw error;
    }
  }
  return { task, outputs };
}

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
