import { lostDigits } from "./exact.ts";
import { labelOf } from "./grade.ts";
import type { Problem } from "./problem.ts";
import { cellOf, valueIn, written } from "./table/cell.ts";
import type { Row } from "./table/options.ts";
import type { Task } from "./task.ts";
import { placeholders } from "./template.ts";

export type RecordColumns = NonNullable<Task["record"]>;

/** An item before its date is read. */
export interface RawItem {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
  /** As it stands in the table. */
  readonly when: string | null;
}

/** What a row of a person's own table says. */
export interface Entry {
  /** 1-based. */
  readonly number: number;
  readonly user: string;
  /** The row as an item of later histories; of a row that brings its own history, its id and date alone. */
  readonly item: RawItem;
  /** What the prompt shows of the row, and the answer; null where one of them is missing. */
  readonly asked: { readonly values: Readonly<Record<string, string>>; readonly gold: string } | null;
  /** The history that the row brings, null where it is in the user's other rows. */
  readonly profile: readonly RawItem[] | null;
  /** The field that each item lacks which is left out of it. */
  readonly lost: readonly string[];
}

const HINT = "Mend the row, or the columns named in the task file.";
const wrong = (number: number, kind: string, detail?: string): Problem => ({
  ...{ place: `row ${number}`, kind, hint: HINT },
  ...(detail === undefined ? {} : { detail }),
});

/**
 * One row read, or what is wrong with it. Null: a row without the answer, which an item of a history needs: no fault, but of
 * no use.
 */
export function readEntry(task: Task, record: RecordColumns, row: Row, number: number): Entry | Problem | null {
  for (const column of [record.user, ...(record.id === undefined ? [] : [record.id])]) {
    const lost = lostDigits(valueIn(row, column));
    if (lost !== null) return wrong(number, `the ${column} is ${lost}`, String(valueIn(row, column)));
  }
  const own = record.profile === undefined ? null : profileOf(task, record, valueIn(row, record.profile));
  if (record.profile !== undefined && own === null)
    return wrong(number, `${record.profile} (record.profile) is no list of items`);
  const fields = own === null ? fieldsOf(task, row) : {};
  if (fields === record.gold) return null;
  if (typeof fields === "string") return wrong(number, `no ${fields}`);
  const gold = goldOf(task, record, row);
  if (gold !== null && typeof gold === "object")
    return wrong(number, `the ${record.gold} is none of the labels`, JSON.stringify(gold.strange));
  const user = cellOf(row, record.user);
  if (user === null) return wrong(number, `no ${record.user} (the user)`);
  const when = record.date === undefined ? null : cellOf(row, record.date);
  if (record.date !== undefined && when === null) return wrong(number, `no ${record.date} (the date)`);
  const id = (record.id === undefined ? null : cellOf(row, record.id)) ?? `row-${number}`;
  const values = placeholders(task.prompt ?? "").map((name) => [name, cellOf(row, name)] as const);
  const whole = values.every((pair): pair is readonly [string, string] => pair[1] !== null);
  return {
    ...{ number, user: user.trim(), item: { id, fields, when }, profile: own?.items ?? null, lost: own?.lost ?? [] },
    asked: gold === null || !whole ? null : { values: Object.fromEntries(values), gold },
  };
}

/** The answer: a label of the task in its own spelling. A label that is a word for nothing (`None`) is an answer all the same. */
function goldOf(task: Task, { gold }: RecordColumns, row: Row): string | null | { readonly strange: string } {
  const value = valueIn(row, gold);
  const text = cellOf(row, gold);
  if (task.labels.length === 0) return text;
  const raw = written(value);
  const label = raw === null ? null : labelOf(task, raw);
  return label ?? (text === null ? null : { strange: text.trim() });
}

/** An item's fields, or the name of one that is missing. */
function fieldsOf(task: Task, row: Row): Readonly<Record<string, string>> | string {
  const fields: [string, string][] = [];
  for (const { name, aliases, label } of task.itemFields) {
    const text = [name, ...aliases].map((one) => fieldText(task, row, one, label)).find((one) => one !== null);
    if (text === undefined || text === null) return name;
    fields.push([name, text]);
  }
  return Object.fromEntries(fields);
}

/** The user's own choice stands in histories in the label's spelling, so that `5.0` and `5` are one grade there too. */
function fieldText(task: Task, row: Row, name: string, label: boolean): string | null {
  const raw = label && task.labels.length > 0 ? written(valueIn(row, name)) : null;
  return (raw === null ? null : labelOf(task, raw)) ?? cellOf(row, name);
}

/** The items of a list, which flat formats hold as JSON text. A list of texts is items of the one field that is no label. */
function profileOf(
  task: Task,
  { itemDate }: RecordColumns,
  value: unknown,
): { items: RawItem[]; lost: string[] } | null {
  const list = typeof value === "string" && value.trimStart().startsWith("[") ? parsed(value) : value;
  if (!Array.isArray(list)) return null;
  const [text] = task.itemFields.filter(({ label }) => !label);
  const items: RawItem[] = [];
  const lost: string[] = [];
  for (const [i, one] of list.entries()) {
    const row: Row = typeof one === "object" && one !== null ? (one as Row) : { [text?.name ?? ""]: one };
    const fields = fieldsOf(task, row);
    if (typeof fields === "string") lost.push(fields);
    else
      items.push({
        id: cellOf(row, "id") ?? `item-${i + 1}`,
        fields,
        when: itemDate === undefined ? null : cellOf(row, itemDate),
      });
  }
  return { items, lost };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
