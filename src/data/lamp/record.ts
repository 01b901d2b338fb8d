import { TagprError } from "../../core/errors.ts";
import { isDate, oldestFirst } from "../dates.ts";
import { lostDigits } from "../exact.ts";
import type { Task } from "../task.ts";
import type { Example, ProfileItem, QueryId, UserId } from "../types.ts";
import type { RawRecord } from "./scan.ts";

/** Called with each bad record; the reader then goes on. Without it the first bad record is thrown. */
export type OnProblem = (problem: TagprError) => void;

/** A problem with one record: names the file, the record, its byte and line. */
export function recordError(path: string, raw: RawRecord, id: string | null, what: string, hint: string): TagprError {
  const name = id === null ? `record ${raw.number}` : `record ${raw.number} (id ${id})`;
  return new TagprError("data", `${path}: ${name} at byte ${raw.offset}, line ${raw.line}: ${what}`, { hint });
}

const FIX_RECORD = "Mend or delete that record, or download the file again.";

/** What an unreadable part of a record throws; {@link toExample}'s caller adds where it stands. */
export class Flaw extends Error {}

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
  if (lost !== null) throw new Flaw(`${name} ${lost}`);
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
  typeof value === "string" ? value : typeof value === "number" ? String(value) : null;

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
    gold,
    ...(date === null ? {} : { date }),
  };
}

function toItem(task: Task, value: unknown, i: number): ProfileItem {
  const id = idOf(value);
  if (!isObject(value) || id === null) throw new Flaw(`profile item ${i + 1} has no id`);
  exact(`profile item ${i + 1}: the id`, value.id);
  const fields: Record<string, string> = {};
  for (const field of task.itemFields) {
    const text = textOf(value, field.name, field.aliases);
    if (text === null) throw new Flaw(`profile item ${i + 1} (id ${id}) has no ${field.name}`);
    fields[field.name] = text;
  }
  const date = textOf(value, "date");
  if (date === null) return { id, fields };
  if (!isDate(date)) throw new Flaw(`profile item ${i + 1} (id ${id}) has the date ${JSON.stringify(date)}`);
  return { id, date, fields };
}

/** Runs `read`; a {@link Flaw} becomes a problem of that record, thrown or handed on. Null when handed on. */
export function guardRecord<T>(
  path: string,
  raw: RawRecord,
  onProblem: OnProblem | undefined,
  read: () => T,
): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Flaw)) throw error;
    const problem = recordError(path, raw, idOf(raw.value), error.message, FIX_RECORD);
    if (onProblem === undefined) throw problem;
    onProblem(problem);
    return null;
  }
}
