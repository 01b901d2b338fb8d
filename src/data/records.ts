import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { compareDates, oldestFirst, parseDate } from "./dates.ts";
import type { Row } from "./rows.ts";
import type { Task } from "./task.ts";
import { placeholders } from "./task-file.ts";
import type { Example, ProfileItem, QueryId, UserId } from "./types.ts";

interface Entry {
  readonly row: Row;
  readonly item: ProfileItem;
  readonly date?: string;
}

/**
 * Queries from a person's own table, one row a record of one user (see `Task.record`): a row with enough earlier rows
 * of its user becomes a query, the earlier rows its profile. Rows of one date can't tell which came first: neither
 * stands in the other's profile. Without a date column the file's order counts.
 * Errors name the row: a missing column, no user, an unreadable date, a duplicate id.
 */
export async function examplesFromRows(task: Task, rows: AsyncIterable<Row> | Iterable<Row>): Promise<Example[]> {
  const record = recordOf(task);
  const byUser = new Map<string, Entry[]>();
  const ids = new Set<string>();
  let number = 0;
  for await (const row of rows) {
    number++;
    const entry = toEntry(task, record, row, number);
    if (ids.has(entry.item.id)) throw rowError(number, `the id ${entry.item.id} stands twice`);
    ids.add(entry.item.id);
    const user = cell(row, record.user);
    if (user === null) throw rowError(number, `no ${record.user} (the user)`);
    const own = byUser.get(user);
    if (own === undefined) byUser.set(user, [entry]);
    else own.push(entry);
  }
  return [...byUser].flatMap(([user, entries]) => examplesOf(task, record, user as UserId, entries));
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
  const fields: Record<string, string> = {};
  for (const field of task.itemFields) {
    const value = [field.name, ...field.aliases].map((name) => cell(row, name)).find((one) => one !== null);
    if (value === undefined || value === null) throw rowError(number, `no ${field.name}`);
    fields[field.name] = value;
  }
  const id = (record.id === undefined ? null : cell(row, record.id)) ?? `row-${number}`;
  if (record.date === undefined) return { row, item: { id, fields } };
  const date = cell(row, record.date);
  if (date === null || parseDate(date) === null)
    throw rowError(number, `the date ${JSON.stringify(date)} in ${record.date} is not like 2018-05-26`);
  return { row, item: { id, date, fields }, date };
}

function examplesOf(task: Task, record: RecordColumns, user: UserId, entries: readonly Entry[]): Example[] {
  const sorted = oldestFirst(entries);
  return sorted.flatMap((entry, i) => {
    const profile = sorted
      .slice(0, i)
      .filter((other) => isEarlier(other, entry))
      .map(({ item }) => item);
    const gold = cell(entry.row, record.gold);
    if (profile.length < record.minHistory || gold === null) return [];
    const input = (task.prompt ?? "").replace(/\{(\w+)\}/g, (_, name: string) => cell(entry.row, name) ?? "");
    const date = entry.date === undefined ? {} : { date: entry.date };
    return [{ task: task.name, id: entry.item.id as QueryId, user, input, profile, gold, ...date }];
  });
}

function isEarlier(other: Entry, entry: Entry): boolean {
  if (other.date === undefined || entry.date === undefined) return true;
  return compareDates(other.date, entry.date) < 0;
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

/**
 * Cuts examples into train and dev by user: no user of dev is in train. A query without a user is its own user. At
 * least `devShare` of the users go to dev, drawn by the seed.
 */
export function splitByUser(
  examples: readonly Example[],
  options: { seed: number; devShare: number },
): { train: Example[]; dev: Example[] } {
  const keyOf = (example: Example): string => (example.user === null ? `query ${example.id}` : `user ${example.user}`);
  const users = stream(options.seed, "split").shuffle([...new Set(examples.map(keyOf))].sort());
  const dev = new Set(users.slice(0, Math.ceil(users.length * options.devShare)));
  return {
    train: examples.filter((example) => !dev.has(keyOf(example))),
    dev: examples.filter((example) => dev.has(keyOf(example))),
  };
}
