import { isDate, oldestFirst } from "../dates.ts";
import { lostDigits } from "../exact.ts";
import { labelOf } from "../grade.ts";
import { type OnProblem, report } from "../problem.ts";
import type { Task } from "../task.ts";
import type { Example, ProfileItem, QueryId, UserId } from "../types.ts";
import type { RawRecord } from "./scan.ts";

/** Where a record stands: file, record, byte and line. */
export function placeOf(path: string, raw: RawRecord, id: string | null): string {
  const name = id === null ? `record ${raw.number}` : `record ${raw.number} (id ${id})`;
  return `${path}: ${name} at byte ${raw.offset}, line ${raw.line}`;
}

const FIX_RECORD = "Mend or delete that record, or download the file again.";

/** What an unreadable part of a record throws; {@link guardRecord} adds where it stands. */
export class Flaw extends Error {
  /** What stands there instead: the message is the same for every record of which it is true. */
  readonly detail: string | undefined;
  constructor(kind: string, detail?: string) {
    super(kind);
    this.detail = detail;
  }
}

/** Ids occur as strings and as numbers; null when absent. */
export function idOf(value: unknown): string | null {
  const id = isObject(value) ? value.id : undefined;
  return typeof id === "string" && id !== "" ? id : typeof id === "number" ? String(id) : null;
}

/** A record and its id. Throws a {@link Flaw} where it has none, or one that JSON can't hold. */
export function identified(value: unknown): { readonly id: string; readonly record: Record<string, unknown> } {
  const id = idOf(value);
  if (!isObject(value) || id === null) throw new Flaw("no id");
  exact("the id", value.id);
  return { id, record: value };
}

function exact(name: string, value: unknown): void {
  const lost = lostDigits(value);
  if (lost !== null) throw new Flaw(`${name} is ${lost}`, String(value));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text field; numbers are accepted, since scores and ids come in both forms. */
export function textOf(object: Record<string, unknown>, name: string, aliases: readonly string[] = []): string | null {
  const own = asText(object[name]);
  if (own !== null) return own;
  for (const key of aliases) {
    const text = asText(object[key]);
    if (text !== null) return text;
  }
  return null;
}

const asText = (value: unknown): string | null =>
  typeof value === "string" ? value : Number.isFinite(value) || typeof value === "boolean" ? String(value) : null;

/** One question as an example, without its gold. Throws a {@link Flaw} that says which part is missing. */
export function toExample(task: Task, value: unknown, gold: string | null): Example {
  const { id, record } = identified(value);
  const input = textOf(record, "input");
  if (input === null) throw new Flaw("no input");
  if (!Array.isArray(record.profile)) throw new Flaw("no profile (a list of the user's items)");
  exact("the user_id", record.user_id);
  const user = textOf(record, "user_id");
  const date = textOf(record, "date");
  const profile = record.profile.map((item, i) => toItem(task, item, i));
  return {
    task: task.name,
    id: id as QueryId,
    user: user as UserId | null,
    input,
    profile: oldestFirst(profile),
    gold: (gold === null ? null : labelOf(task, gold)) ?? gold,
    ...(date === null ? {} : { date }),
  };
}

/** One item of a history, its fields under any of their names. Throws a {@link Flaw} that says what it lacks. */
export function toItem(task: Task, value: unknown, i: number): ProfileItem {
  const id = idOf(value);
  if (!isObject(value) || id === null) throw new Flaw("a profile item has no id", `item ${i + 1}`);
  exact("an item's id", value.id);
  const texts: [string, string][] = [];
  for (const field of task.itemFields) {
    const text = textOf(value, field.name, field.aliases);
    if (text === null) throw new Flaw(`a profile item has no ${field.name}`, `item ${i + 1}, id ${id}`);
    // `5.0` is the grade 5, as copies that went through pandas have it.
    texts.push([field.name, (field.label ? labelOf(task, text) : null) ?? text]);
  }
  const fields = Object.fromEntries(texts);
  const date = textOf(value, "date");
  if (date === null) return { id, fields };
  if (!isDate(date))
    throw new Flaw("a profile item's date can't be read", `item ${i + 1}, id ${id}: ${JSON.stringify(date)}`);
  return { id, date, fields };
}

/** Runs `read`; a {@link Flaw}, or the record's own fault, becomes a problem, thrown or handed on. Null when handed on. */
export function guardRecord<T>(
  path: string,
  raw: RawRecord,
  onProblem: OnProblem | undefined,
  read: () => T,
): T | null {
  try {
    if (raw.fault !== undefined) throw new Flaw("a record can't be read", raw.fault);
    return read();
  } catch (error) {
    if (!(error instanceof Flaw)) throw error;
    const { message: kind, detail } = error;
    const place = placeOf(path, raw, idOf(raw.value));
    report(onProblem, { place, kind, hint: FIX_RECORD, ...(detail === undefined ? {} : { detail }) });
    return null;
  }
}
