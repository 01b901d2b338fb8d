import { TagprError } from "../core/errors.ts";
import { compareTuples, oldestFirst, parseCalendarDate, surelyEarlier } from "./dates.ts";
import { lostDigits } from "./exact.ts";
import type { Row } from "./rows.ts";
import type { Task } from "./task.ts";
import { fill, placeholders } from "./template.ts";
import type { Example, ProfileItem, QueryId, UserId } from "./types.ts";

/** Items of a history where the task file sets no other `record.maxHistory`. */
export const MAX_HISTORY = 500;

/** Items of a history at most. */
export const maxHistory = (record: RecordColumns): number =>
  record.maxHistory ?? Math.max(MAX_HISTORY, record.minHistory);

/** A query as splitting knows it; its text and its history are put together when they are asked for. */
export interface Query extends Pick<Example, "id" | "user" | "date"> {
  /** Whether the history is longer than `record.maxHistory` lets it be. */
  readonly cut: boolean;
  readonly make: () => Example;
}

interface Entry {
  readonly item: ProfileItem;
  readonly date?: string;
  /** What the prompt shows of the row, and the answer; null where one of them is missing. */
  readonly asked: { readonly values: Readonly<Record<string, string>>; readonly gold: string } | null;
}

/**
 * Queries from a person's own table, one row a record of one user (see `Task.record`): a row with enough earlier rows
 * of its user becomes a query, the newest `maxHistory` of these its profile. Rows of one date can't tell which came first: neither
 * stands in the other's profile. Without a date column the file's order counts.
 * A row without the answer (where no item field is it), or without a column of the prompt, is history only.
 * Errors name the row: a missing column, no user, an unreadable date, a duplicate id, an answer that is no label. With
 * `onProblem` such rows are told and left out; without, the first is thrown.
 */
export async function queriesFromRows(
  task: Task,
  rows: AsyncIterable<Row> | Iterable<Row>,
  onProblem?: (problem: TagprError) => void,
): Promise<Query[]> {
  const record = recordOf(task);
  const byUser = new Map<string, Entry[]>();
  const ids = new Set<string>();
  const unseen = new Set(placeholders(task.prompt ?? ""));
  let number = 0;
  for await (const row of rows) {
    number++;
    for (const column of unseen) if (cell(row, column) !== null) unseen.delete(column);
    try {
      const entry = toEntry(task, record, row, number);
      if (ids.has(entry.item.id)) throw rowError(number, `the id ${entry.item.id} stands twice`);
      const user = cell(row, record.user);
      if (user === null) throw rowError(number, `no ${record.user} (the user)`);
      ids.add(entry.item.id);
      append(byUser, user, entry);
    } catch (error) {
      if (onProblem === undefined || !(error instanceof TagprError)) throw error;
      onProblem(error);
    }
  }
  if (number > 0 && unseen.size > 0)
    throw new TagprError("data", `no row has the column ${[...unseen].join(", ")} that the prompt shows`, {
      hint: `Mend the prompt of task ${task.name}, or the table.`,
    });
  return [...byUser].flatMap(([user, entries]) => queriesOf(task, record, user as UserId, entries));
}

function append<T>(groups: Map<string, T[]>, key: string, value: T): void {
  const own = groups.get(key);
  if (own === undefined) groups.set(key, [value]);
  else own.push(value);
}

type RecordColumns = NonNullable<Task["record"]>;

function recordOf(task: Task): RecordColumns {
  if (task.record === undefined || task.prompt === undefined)
    throw new TagprError("usage", `task ${task.name} does not say how a row becomes a query`, {
      hint: "Add `prompt` and `record` to its task file; `tagpr data init` writes both.",
    });
  if (placeholders(task.prompt).includes(task.record.gold))
    throw new TagprError("usage", `task ${task.name}: the prompt shows the gold column {${task.record.gold}}`, {
      hint: "A query must not hold its own answer: take the column out of `prompt`.",
    });
  return task.record;
}

function toEntry(task: Task, record: RecordColumns, row: Row, number: number): Entry {
  for (const column of [record.user, ...(record.id === undefined ? [] : [record.id])]) {
    const lost = lostDigits(row[column]);
    if (lost !== null) throw rowError(number, `${column} ${lost}`);
  }
  const fields: Record<string, string> = {};
  for (const field of task.itemFields) {
    const value = [field.name, ...field.aliases].map((name) => cell(row, name)).find((one) => one !== null);
    if (value === undefined || value === null) throw rowError(number, `no ${field.name}`);
    fields[field.name] = value;
  }
  const written = cell(row, record.gold);
  const gold = task.labels.length > 0 ? (written?.trim() ?? null) : written;
  if (gold !== null && task.labels.length > 0 && !task.labels.includes(gold))
    throw rowError(number, `the ${record.gold} ${JSON.stringify(gold)} is none of the labels`);
  const id = (record.id === undefined ? null : cell(row, record.id)) ?? `row-${number}`;
  const values = Object.fromEntries(placeholders(task.prompt ?? "").map((name) => [name, cell(row, name)]));
  const asked = written === null || !isWhole(values) ? null : { values, gold: written };
  if (record.date === undefined) return { item: { id, fields }, asked };
  const date = cell(row, record.date);
  if (date === null || parseCalendarDate(date) === null)
    throw rowError(number, `the date ${JSON.stringify(date)} in ${record.date} is not like 2018-05-26`);
  return { item: { id, date, fields }, date, asked };
}

const isWhole = (values: Readonly<Record<string, string | null>>): values is Record<string, string> =>
  Object.values(values).every((value) => value !== null);

/** Rows of one user and one date, of which none came first. Without dates each row stands alone. */
interface Moment {
  readonly date: readonly number[] | null;
  readonly entries: Entry[];
}

function queriesOf(task: Task, record: RecordColumns, user: UserId, entries: readonly Entry[]): Query[] {
  const most = maxHistory(record);
  const moments = momentsOf(entries);
  return moments.flatMap((moment, at) => {
    const earlier = newestBefore(moments, at, most + 1).length;
    if (earlier < record.minHistory) return [];
    return moment.entries.flatMap(({ item, date, asked }): Query[] => {
      if (asked === null) return [];
      const known = { id: item.id as QueryId, user, ...(date === undefined ? {} : { date }) };
      const make = (): Example => ({
        ...{ ...known, task: task.name, input: fill(task.prompt ?? "", (name) => asked.values[name]) },
        ...{ profile: newestBefore(moments, at, most), gold: asked.gold },
      });
      return [{ ...known, cut: earlier > most, make }];
    });
  });
}

function momentsOf(entries: readonly Entry[]): Moment[] {
  const moments: Moment[] = [];
  for (const entry of oldestFirst(entries)) {
    const date = entry.date === undefined ? null : parseCalendarDate(entry.date);
    const last = moments.at(-1);
    if (date !== null && last !== undefined && last.date !== null && compareTuples(last.date, date) === 0)
      last.entries.push(entry);
    else moments.push({ date, entries: [entry] });
  }
  return moments;
}

/** The newest `most` items that are surely earlier than a moment, oldest first. Looks no further back than it must. */
function newestBefore(moments: readonly Moment[], at: number, most: number): ProfileItem[] {
  const own = moments[at]?.date ?? null;
  const newest: ProfileItem[] = [];
  for (let m = at - 1; m >= 0 && newest.length < most; m--) {
    const { date, entries } = moments[m] ?? { date: null, entries: [] };
    if (own !== null && date !== null && !surelyEarlier(date, own)) continue;
    for (const { item } of entries.slice(newest.length - most).reverse()) newest.push(item);
  }
  return newest.reverse();
}

/** Text of a cell; null where it is absent or blank. */
function cell(row: Row, column: string): string | null {
  const value = row[column];
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

function rowError(number: number, what: string): TagprError {
  return new TagprError("data", `row ${number}: ${what}`, {
    hint: "Mend the row, or the columns named in the task file.",
  });
}
