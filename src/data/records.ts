import { TagprError } from "../core/errors.ts";
import { groupBy } from "../core/group.ts";
import { stream } from "../core/random.ts";
import { oldestFirst, parseCalendarDate, surelyEarlier } from "./dates.ts";
import type { Row } from "./rows.ts";
import type { Task } from "./task.ts";
import { fill, placeholders } from "./template.ts";
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
 * A row without the answer (where no item field is it), or without a column of the prompt, is history only.
 * Errors name the row: a missing column, no user, an unreadable date, a duplicate id, an answer that is no label. With
 * `onProblem` such rows are told and left out; without, the first is thrown.
 */
export async function examplesFromRows(
  task: Task,
  rows: AsyncIterable<Row> | Iterable<Row>,
  onProblem?: (problem: TagprError) => void,
): Promise<Example[]> {
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
  return [...byUser].flatMap(([user, entries]) => examplesOf(task, record, user as UserId, entries));
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
  if (record.date === undefined) return { row, item: { id, fields } };
  const date = cell(row, record.date);
  if (date === null || parseCalendarDate(date) === null)
    throw rowError(number, `the date ${JSON.stringify(date)} in ${record.date} is not like 2018-05-26`);
  return { row, item: { id, date, fields }, date };
}

function examplesOf(task: Task, record: RecordColumns, user: UserId, entries: readonly Entry[]): Example[] {
  const sorted = oldestFirst(entries);
  const dates = sorted.map(({ date }) => (date === undefined ? null : parseCalendarDate(date)));
  const prompt = task.prompt ?? "";
  const asked = placeholders(prompt);
  return sorted.flatMap((entry, i) => {
    const own = dates[i] ?? null;
    const profile = sorted.slice(0, i).flatMap(({ item }, j) => {
      const date = dates[j] ?? null;
      return own === null || date === null || surelyEarlier(date, own) ? [item] : [];
    });
    const gold = cell(entry.row, record.gold);
    if (profile.length < record.minHistory || gold === null) return [];
    if (asked.some((column) => cell(entry.row, column) === null)) return [];
    const input = fill(prompt, (column) => cell(entry.row, column));
    const date = entry.date === undefined ? {} : { date: entry.date };
    return [{ task: task.name, id: entry.item.id as QueryId, user, input, profile, gold, ...date }];
  });
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

/** A query without a user is its own user. */
const ownerOf = ({ user, id }: Example): string => (user === null ? `query ${id}` : `user ${user}`);

/**
 * Cuts examples into train and dev by user: no user of dev is in train. A query without a user is its own user. At
 * least `devShare` of the users go to dev, drawn by the seed.
 */
export function splitByUser(
  examples: readonly Example[],
  options: { seed: number; devShare: number },
): { train: Example[]; dev: Example[] } {
  const users = stream(options.seed, "split").shuffle([...new Set(examples.map(ownerOf))].sort());
  const dev = new Set(users.slice(0, Math.ceil(users.length * options.devShare)));
  return {
    train: examples.filter((example) => !dev.has(ownerOf(example))),
    dev: examples.filter((example) => dev.has(ownerOf(example))),
  };
}

/** Cuts examples by time: each user's newest query goes to dev if the user has others, which stay in train. */
export function splitByTime(examples: readonly Example[]): { train: Example[]; dev: Example[] } {
  const byUser = groupBy(examples, ownerOf);
  const dev = new Set<Example>();
  for (const own of byUser.values()) {
    const newest = oldestFirst(own).at(-1);
    if (own.length > 1 && newest !== undefined) dev.add(newest);
  }
  return { train: examples.filter((example) => !dev.has(example)), dev: [...dev] };
}
