import { TagprError } from "../core/errors.ts";
import { oldestFirst } from "./dates.ts";
import { scaleOf, scalesError } from "./grade.ts";
import { says } from "./guess/words.ts";
import { momentsOf, newestBefore } from "./history.ts";
import { type OnProblem, report } from "./problem.ts";
import { type TimedEntry, timed } from "./record-dates.ts";
import { type Entry, type RecordColumns, readEntry } from "./record-row.ts";
import { cellOf, valueIn } from "./table/cell.ts";
import { meant } from "./table/header.ts";
import type { Row } from "./table/options.ts";
import type { Task } from "./task.ts";
import { fill, placeholders } from "./template.ts";
import { timeColumn } from "./time/column.ts";
import type { Example, QueryId, UserId } from "./types.ts";

/** Items of a history where the task file sets no other `record.maxHistory`. */
export const MAX_HISTORY = 500;
/** Queries of one user where the task file sets no other `record.maxQueries`: more would make most of a table one person's. */
export const MAX_QUERIES = 200;

/** Items of a history at most. */
export const maxHistory = (record: RecordColumns): number =>
  record.maxHistory ?? Math.max(MAX_HISTORY, record.minHistory);

/** A query as splitting knows it; its text and its history are put together when they are asked for. */
export interface Query extends Pick<Example, "id" | "user" | "date"> {
  /** Whether the history is longer than `record.maxHistory` lets it be. */
  readonly cut: boolean;
  readonly make: () => Example;
}

export interface BuildOptions {
  /** Called with each bad row, which is left out. Without it the first one is thrown. */
  readonly onProblem?: OnProblem;
  /** Called with what a limit took, and why there is nothing where there is nothing. */
  readonly onNote?: (note: string) => void;
}

/**
 * Queries from a person's own table, one row a record of one user (see `Task.record`): a row with enough earlier rows
 * of its user becomes a query, the newest `maxHistory` of these its profile. Rows of one moment can't tell which came first: neither
 * stands in the other's profile. Without a date column the file's order counts.
 * A row without the answer (where no item field is it), or without a column of the prompt, is history only; where an item
 * field is the answer, a row without it is left out and counted.
 * Errors name the row: a missing column, no user, an unreadable date, a duplicate id, an answer that is no label.
 */
export async function queriesFromRows(
  task: Task,
  rows: AsyncIterable<Row> | Iterable<Row>,
  options: BuildOptions = {},
): Promise<Query[]> {
  const record = recordOf(task);
  const entries = await readEntries(task, record, rows, options);
  const times = timed(entries, record, (problem) => report(options.onProblem, problem));
  const byUser = new Map<string, TimedEntry[]>();
  for (const entry of times) append(byUser, entry.user, entry);
  for (const note of historyNotes(record, times)) options.onNote?.(note);
  const made = [...byUser].map(([user, own]) => queriesOf(task, record, user as UserId, own));
  const queries = limited(record, made, options);
  if (queries.length === 0 && entries.length > 0) options.onNote?.(whyNone(record, [...byUser.values()]));
  return queries;
}

/** What was left out of histories that rows bring themselves, and whose order is not known. */
function historyNotes({ itemDate }: RecordColumns, entries: readonly TimedEntry[]): string[] {
  const lacking = new Map<string, number>();
  let [kept, undated] = [0, 0];
  for (const { profile, lost } of entries) {
    kept += profile?.length ?? 0;
    for (const field of lost) lacking.set(field, (lacking.get(field) ?? 0) + 1);
    for (const { date } of profile ?? []) if (date === undefined) undated++;
  }
  const lost = [...lacking.values()].reduce((sum, n) => sum + n, 0);
  const fields = [...lacking].map(([field, n]) => `${n} × no ${field}`).join(", ");
  return [
    ...(lost === 0
      ? []
      : [`${loud(lost, kept + lost)}${lost} of ${kept + lost} items of histories are left out: ${fields}`]),
    ...(itemDate === undefined || undated === 0
      ? []
      : [
          `${loud(undated, kept)}${undated} of ${kept} items of histories have no date in ${itemDate} (record.itemDate) that can be read: histories with one keep the order in which they are written`,
        ]),
  ];
}

const loud = (some: number, all: number): string => (some > 0.1 * all ? "WARNING: " : "");

async function readEntries(
  task: Task,
  record: RecordColumns,
  rows: AsyncIterable<Row> | Iterable<Row>,
  { onProblem, onNote }: BuildOptions,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const ids = new Set<string>();
  const missing = missingColumns(task, record);
  const times = record.date === undefined && record.profile === undefined ? unusedTimes() : null;
  const scales = new Set<number>();
  let [number, unanswered, named] = [0, 0, false];
  for await (const row of rows) {
    number++;
    missing.see(row);
    times?.see(row);
    const scale = task.kind === "ordinal" ? scaleOf(cellOf(row, record.gold) ?? "") : null;
    if (scale !== null) scales.add(scale);
    named ||= record.id === undefined || valueIn(row, record.id) !== undefined;
    const entry = readEntry(task, record, row, number);
    if (entry === null) unanswered++;
    else if ("kind" in entry) report(onProblem, entry);
    else if (ids.has(entry.item.id))
      report(onProblem, {
        place: `row ${number}`,
        kind: "an id that stands twice",
        detail: entry.item.id,
        hint: "Ids are unique.",
      });
    else {
      ids.add(entry.item.id);
      entries.push(entry);
    }
  }
  if (number > 0) missing.refuse();
  // "3/5" would be the grade 3 of 10.
  const most = Math.max(...task.labels.map(Number));
  const told = [...scales].some((scale) => scale < most) ? [...scales, most] : [...scales];
  if (new Set(told).size > 1) throw scalesError(record.gold, [...new Set(told)]);
  for (const note of times?.found() ?? []) onNote?.(note);
  if (unanswered > 0)
    onNote?.(`${unanswered} rows have no ${record.gold}, the answer: they are left out, of histories too`);
  if (!named && number > 0) onNote?.(`no row has the column ${record.id} (record.id): ids are the rows' numbers`);
  return entries;
}

/** Columns that say a time, of a task that puts nothing in order by one. */
function unusedTimes() {
  const columns = new Map<string, ReturnType<typeof timeColumn>>();
  return {
    see: (row: Row): void => {
      for (const name of Object.keys(row)) {
        const text = says("time", name) ? cellOf(row, name) : null;
        if (text === null) continue;
        const column = columns.get(name) ?? timeColumn();
        columns.set(name, column);
        column.add(text);
      }
    },
    found: (): string[] =>
      [...columns].flatMap(([name, column]) => {
        const { total, readable } = column.findings();
        return 2 * readable < total
          ? []
          : [
              `WARNING: ${name} is a time in ${readable} of ${total} rows and the task does not use it (record.date): histories are in the order of the file`,
            ];
      }),
  };
}

/** Columns that the task names and no row has: one mistake, not one a row. */
function missingColumns(task: Task, record: RecordColumns) {
  const roles = new Map(placeholders(task.prompt ?? "").map((name) => [name, "that the prompt shows"]));
  for (const role of ["user", "gold", "date", "profile"] as const) {
    const column = record[role];
    if (column !== undefined) roles.set(column, `(record.${role})`);
  }
  if (record.profile === undefined)
    for (const { name, aliases } of task.itemFields)
      if (aliases.length === 0 && !roles.has(name)) roles.set(name, "(itemFields)");
  const known = new Set<string>();
  return {
    see: (row: Row): void => {
      if (roles.size === 0) return;
      for (const name of Object.keys(row)) known.add(name);
      for (const column of roles.keys()) if (valueIn(row, column) !== undefined) roles.delete(column);
    },
    refuse: (): void => {
      const [first] = roles;
      if (first === undefined) return;
      throw new TagprError("data", `no row has the column ${first[0]} ${first[1]}: ${meant(first[0], [...known])}`, {
        hint: `Mend task ${task.name}, or the table.`,
      });
    },
  };
}

function append<T>(groups: Map<string, T[]>, key: string, value: T): void {
  const own = groups.get(key);
  if (own === undefined) groups.set(key, [value]);
  else own.push(value);
}

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

/** Queries of one user, oldest first. */
function queriesOf(task: Task, record: RecordColumns, user: UserId, entries: readonly TimedEntry[]): Query[] {
  const most = maxHistory(record);
  if (record.profile !== undefined)
    return entries.flatMap((entry) => {
      const profile = oldestFirst(entry.profile ?? []);
      if (profile.length < record.minHistory) return [];
      return queryOf(task, user, entry, profile.length > most, () => profile.slice(-most));
    });
  const moments = momentsOf(entries);
  return moments.flatMap((moment, at) => {
    const earlier = newestBefore(moments, at, most + 1).length;
    if (earlier < record.minHistory) return [];
    return moment.entries.flatMap((entry) =>
      queryOf(task, user, entry, earlier > most, () => newestBefore(moments, at, most)),
    );
  });
}

function queryOf(
  task: Task,
  user: UserId,
  { item: { id, date }, asked }: TimedEntry,
  cut: boolean,
  profile: () => Example["profile"],
): Query[] {
  if (asked === null) return [];
  const known = { id: id as QueryId, user, ...(date === undefined ? {} : { date }) };
  const make = (): Example => ({
    ...{ ...known, task: task.name, input: fill(task.prompt ?? "", (name) => asked.values[name]) },
    ...{ profile: profile(), gold: asked.gold },
  });
  return [{ ...known, cut, make }];
}

/** The newest queries of each user, `maxQueries` at most. */
function limited(record: RecordColumns, byUser: readonly (readonly Query[])[], { onNote }: BuildOptions): Query[] {
  const most = record.maxQueries ?? MAX_QUERIES;
  const over = byUser.filter((own) => own.length > most);
  const taken = over.reduce((sum, own) => sum + own.length - most, 0);
  if (taken > 0)
    onNote?.(
      `${over.length} users have more than ${most} queries (record.maxQueries): their ${taken} older ones are left out, and stay in histories`,
    );
  return byUser.flatMap((own) => oldestFirst(own).slice(-most));
}

/** Why no row became a query. */
function whyNone(
  { minHistory, date, profile, gold }: RecordColumns,
  users: readonly (readonly TimedEntry[])[],
): string {
  const head = `no query of ${users.length} users`;
  if (profile !== undefined)
    return `${head}: no row has ${minHistory} items in ${profile}, an answer and all that the prompt shows`;
  const enough = users.filter((own) => own.length > minHistory);
  if (enough.length === 0)
    return `${head}: none has more than ${minHistory} rows (record.minHistory), ${users.reduce((most, own) => Math.max(most, own.length), 0)} at most`;
  const still = enough.filter((own) => new Set(own.map(({ item }) => item.date)).size === 1);
  if (date !== undefined && still.length === enough.length)
    return `${head}: each one's rows all have the same ${date} (${enough[0]?.[0]?.item.date ?? ""}), so none is earlier than another`;
  return `${head}: no row with enough earlier ones has a ${gold} and all that the prompt shows`;
}
