import { TagprError } from "../../core/errors.ts";
import { dataNotHeader, refuseTwice } from "./header.ts";
import { type Row, rowOf } from "./options.ts";

/** Rows that one JSON value holds, and how it was read; null where it is no table that we know. */
export interface Shaped {
  readonly rows: readonly unknown[];
  /** For a person, where there was something to decide. */
  readonly note?: string;
}

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (key: string): boolean => /^\d+$/.test(key);

/**
 * A table in one JSON object: by column (`{"text": {"0": …}}`, `{"text": […]}`), by id (`{"r17": {…}}`), in pandas' `split`
 * form, a list of rows under some key, however deep; else the object is one row.
 */
export function shapeOf(value: unknown, path: string, columns?: readonly string[]): Shaped | null {
  if (Array.isArray(value)) return listOf(value, path, columns);
  if (!isObject(value)) return null;
  return (
    split(value, path) ??
    wrapped(value) ??
    byColumnLists(value) ??
    byColumnOrId(value) ??
    deeper(value, path, columns) ?? { rows: [value] }
  );
}

/** A list of objects; or of lists, the first of which names the columns where `columns` doesn't. */
function listOf(list: readonly unknown[], path: string, columns: readonly string[] | undefined): Shaped | null {
  const [first] = list;
  if (columns !== undefined || !Array.isArray(first)) return { rows: list };
  if (!list.every((row) => Array.isArray(row) && row.length === first.length)) return { rows: list };
  const [names = [], ...rows] = (list as unknown[][]).map((row) =>
    row.map((cell) => (cell === null ? "" : String(cell))),
  );
  const why = first.every((name) => typeof name === "string") ? dataNotHeader(names, rows) : "not every cell is a text";
  if (why !== null)
    throw new TagprError(
      "data",
      `${path} has no header: in its first list, ${names.join(" | ").slice(0, 120)}, ${why}`,
      {
        hint: `Name its ${names.length} columns in order, e.g. --columns user,item,score,time.`,
      },
    );
  refuseTwice(path, names);
  return {
    rows: list.slice(1).map((row) => rowOf(names, row as unknown[])),
    note: "a list of lists: the first one is read as the header",
  };
}

/** `DataFrame.to_json(orient="split")`. */
function split({ columns, data, index }: JsonObject, path: string): Shaped | null {
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return null;
  const names = columns.map(String);
  refuseTwice(path, names);
  return {
    rows: data.map((row: unknown[]) => rowOf(names, row)),
    ...(Array.isArray(index) ? { note: "pandas' split form: its index is left out" } : {}),
  };
}

const isRows = (value: unknown): value is readonly JsonObject[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

/** `{"version": …, "data": [{…}]}`. A record of its own may hold lists of objects too, beside its text. */
function wrapped(object: JsonObject): Shaped | null {
  const lists = Object.entries(object).filter(([, value]) => isRows(value));
  if (lists.length === 0) return null;
  const names = lists.map(([name]) => name);
  if (lists.length > SPLITS && lists.length === Object.keys(object).length) return byKey(lists as [string, Row[]][]);
  const rows = lists.flatMap(([, value]) => value as readonly JsonObject[]);
  return {
    rows,
    note: `the rows stand under ${names.join(", ")}${names.length > 1 ? ", read one after another" : ""}`,
  };
}

/** Lists of one table at most: its train, dev and test. More are lists of somebody each. */
const SPLITS = 3;

/** `{"ann": [{…}], "bob": [{…}]}`: whose list a row stands in is a column of it. */
function byKey(lists: readonly (readonly [string, readonly Row[]])[]): Shaped {
  const name = ["key", "_key"].find((one) => lists.every(([, rows]) => rows.every((row) => !(one in row)))) ?? "_key";
  const rows = lists.flatMap(([key, own]) => own.map((row): Row => ({ [name]: key, ...row })));
  return { rows, note: `${lists.length} lists by their key, which is the column ${name}` };
}

/** `DataFrame.to_dict("list")`. */
function byColumnLists(object: JsonObject): Shaped | null {
  const columns = Object.entries(object);
  const length = Array.isArray(columns[0]?.[1]) ? columns[0][1].length : 0;
  if (
    columns.length < 2 ||
    length < 2 ||
    !columns.every(([, value]) => Array.isArray(value) && value.length === length)
  )
    return null;
  const names = columns.map(([name]) => name);
  const lists = columns.map(([, value]) => value as readonly unknown[]);
  return {
    rows: Array.from({ length }, (_, i) =>
      rowOf(
        names,
        lists.map((list) => list[i]),
      ),
    ),
    note: "a list a column",
  };
}

function byColumnOrId(object: JsonObject): Shaped | null {
  const entries = Object.entries(object);
  if (entries.length < 2 || !entries.every(([, value]) => isObject(value))) return null;
  const inner = entries.map(([, value]) => Object.keys(value as JsonObject));
  const ids = inner[0] ?? [];
  const alike = inner.every((keys) => keys.length === ids.length && keys.every((key, i) => key === ids[i]));
  // pandas counts its rows; else there are more rows than columns.
  const byColumn =
    alike &&
    ids.length > 0 &&
    (ids.every(isCount) || (!entries.every(([key]) => isCount(key)) && ids.length > entries.length));
  if (!byColumn) return byId(entries as [string, JsonObject][]);
  const names = entries.map(([name]) => name);
  return {
    rows: ids.map((id) =>
      rowOf(
        names,
        entries.map(([, column]) => (column as JsonObject)[id]),
      ),
    ),
    note: "an object a column (pandas' own form)",
  };
}

/** The key of each object is its id, unless a column says so already. */
function byId(entries: readonly (readonly [string, JsonObject])[]): Shaped {
  const [, first] = entries[0] ?? ["", {}];
  const known = Object.keys(first).find((name) => entries.every(([key, row]) => String(row[name]) === key));
  if (known !== undefined) return { rows: entries.map(([, row]) => row), note: `objects by ${known}` };
  const name = ["id", "key", "_key"].find((one) => entries.every(([, row]) => !(one in row))) ?? "_key";
  const rows = entries.map(([key, row]): Row => ({ [name]: key, ...row }));
  return { rows, note: `objects by id: their keys are the column ${name}` };
}

/** A table further down: `{"response": {"hits": [{…}]}}`. */
function deeper(object: JsonObject, path: string, columns: readonly string[] | undefined): Shaped | null {
  const inner = Object.values(object).filter(isObject);
  if (Object.keys(object).length > 3 || inner.length !== 1) return null;
  const found = inner[0] === undefined ? null : shapeOf(inner[0], path, columns);
  return found?.note === undefined ? null : found;
}
