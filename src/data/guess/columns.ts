import { lostDigits } from "../exact.ts";
import { readGrade, scaleOf } from "../grade.ts";
import { textOf, written } from "../table/cell.ts";
import type { Row } from "../table/options.ts";
import { type TimeFindings, timeColumn } from "../time/column.ts";
import { says } from "./words.ts";

/** What a column's values are. */
export type ValueKind = "text" | "number" | "boolean" | "list" | "items";

/** What was seen of one column in all rows that were read. */
export interface Column {
  readonly name: string;
  /** Rows with a value, and words for nothing (`None`, `NaN`) by how often they stand there. */
  readonly count: number;
  readonly missing: ReadonlyMap<string, number>;
  /** What most values are. */
  readonly kind: ValueKind;
  /** Values as text, by how often they stand there; only the first {@link DISTINCT} different ones. */
  readonly values: ReadonlyMap<string, number>;
  /** Whether there are more different values than that. */
  readonly many: boolean;
  /** Whether no value stands twice. */
  readonly unique: boolean;
  /** Characters, on average. */
  readonly length: number;
  /** Values that are grades, the highest of their scales, and one with a word or sign beside its number. */
  readonly grades: {
    readonly count: number;
    readonly scales: ReadonlySet<number>;
    readonly dressed: string | null;
    /** A value that is none. */
    readonly other: string | null;
  };
  /** Null where nothing in the column is a time. */
  readonly time: TimeFindings | null;
  /** Names that nearly all objects of a list of items have, and the one of them that says when an item was. */
  readonly inner: readonly string[];
  readonly innerTime: string | undefined;
  /** Whole numbers whose last digits JSON's reader has lost. */
  readonly rounded: number;
}

const DISTINCT = 10_000;
/** Values without a single time, after which a column is no longer tried. */
const PATIENCE = 50;
/** Share of a history's items that have a field, for it to be one of theirs: items without one are left out. */
const USUAL = 0.9;
/** Objects within objects are columns of their own, `user.id`, down to here. */
const DEPTH = 3;

/** Looks at rows one by one; memory grows with columns and different values, not with rows. */
export function columnStats(): {
  readonly see: (row: Row) => void;
  readonly columns: () => Column[];
  /** Names of columns without any value. */
  readonly empty: () => string[];
} {
  const stats = new Map<string, ReturnType<typeof oneColumn>>();
  const put = (name: string, value: unknown, depth: number): void => {
    if (isObject(value) && depth < DEPTH) {
      for (const [key, inner] of Object.entries(value)) put(`${name}.${key}`, inner, depth + 1);
      return;
    }
    if (name.trim() === "") return;
    const own = stats.get(name) ?? oneColumn(name);
    stats.set(name, own);
    own.see(value);
  };
  return {
    see: (row) => {
      for (const [name, value] of Object.entries(row)) put(name, value, 1);
    },
    columns: () => [...stats.values()].map(({ column }) => column()).filter(({ count }) => count > 0),
    empty: () =>
      [...stats.values()].map(({ column }) => column()).flatMap(({ name, count }) => (count === 0 ? name : [])),
  };
}

const isObject = (value: unknown): value is Row =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.getPrototypeOf(value) === Object.prototype;

function oneColumn(name: string) {
  const values = new Map<string, number>();
  const missing = new Map<string, number>();
  const kinds = new Map<ValueKind, number>();
  const scales = new Set<number>();
  const inner = innerStats();
  const times = timeColumn();
  const patience = says("time", name) ? 10 * PATIENCE : PATIENCE;
  const seen = {
    count: 0,
    length: 0,
    many: false,
    twice: false,
    grades: 0,
    dressed: null as string | null,
    other: null as string | null,
    rounded: 0,
    tried: 0,
    hopeless: false,
  };
  const see = (value: unknown): void => {
    const items = itemsOf(value);
    const text = items === null ? textOf(value) : JSON.stringify(items[0]);
    if (text === null) {
      const word = written(value)?.trim() ?? "";
      if (word !== "") missing.set(word, (missing.get(word) ?? 0) + 1);
      return;
    }
    seen.count++;
    const kind = items === null ? kindOf(value, text) : "items";
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    for (const item of items ?? []) inner.see(item);
    if (lostDigits(value) !== null) seen.rounded++;
    seen.length += text.length;
    count(text);
    if (kind === "text" || kind === "number") grade(text);
    if (kind === "text" || kind === "number") time(text);
  };
  const count = (text: string): void => {
    const known = values.get(text);
    if (known !== undefined) seen.twice = true;
    if (known !== undefined || values.size < DISTINCT) values.set(text, (known ?? 0) + 1);
    else seen.many = true;
  };
  const grade = (text: string): void => {
    if (text.length > 24 || readGrade(text) === null) {
      seen.other ??= text;
      return;
    }
    seen.grades++;
    const scale = scaleOf(text);
    if (scale !== null) scales.add(scale);
    if (!/^-?\d+(\.\d+)?$/.test(text.trim())) seen.dressed ??= text.trim();
  };
  const time = (text: string): void => {
    if (seen.hopeless) return;
    seen.tried++;
    times.add(text);
    if (seen.tried === patience) seen.hopeless = times.findings().readable === 0;
  };
  const column = (): Column => {
    const found = seen.tried === 0 ? null : times.findings();
    return {
      ...{ name, missing, values, ...inner.found(), count: seen.count, many: seen.many, rounded: seen.rounded },
      kind: [...kinds].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "text",
      // Beyond the values that were kept, one may stand twice unseen: an id column is then believed by its name.
      unique: !seen.twice,
      length: seen.length / Math.max(1, seen.count),
      grades: { count: seen.grades, scales, dressed: seen.dressed, other: seen.other },
      time: found === null || found.readable === 0 ? null : found,
    };
  };
  return { see, column };
}

/** What the objects of lists have in common. */
function innerStats() {
  const counts = new Map<string, number>();
  const times = new Map<string, ReturnType<typeof timeColumn>>();
  let total = 0;
  const see = (item: Row): void => {
    total++;
    for (const [key, value] of Object.entries(item)) {
      const text = textOf(value);
      if (text === null) continue;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (!says("time", key)) continue;
      const time = times.get(key) ?? timeColumn();
      times.set(key, time);
      time.add(text);
    }
  };
  const found = (): Pick<Column, "inner" | "innerTime"> => {
    const usual = [...counts].filter(([, n]) => n >= USUAL * total);
    const inner = (usual.length > 0 ? usual : [...counts]).map(([key]) => key);
    const innerTime = inner.find((key) => {
      const { readable = 0, doubt = null } = times.get(key)?.findings() ?? {};
      return doubt === null && readable >= USUAL * total && total > 0;
    });
    return { inner, innerTime };
  };
  return { see, found };
}

/** The objects of a list of items, also where a flat format holds it as JSON text; null where there is none. */
function itemsOf(value: unknown): readonly Row[] | null {
  const list = typeof value === "string" && /^\s*\[\s*\{/.test(value) ? parsed(value) : value;
  return Array.isArray(list) && list.length > 0 && list.every(isObject) ? list : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function kindOf(value: unknown, text: string): ValueKind {
  if (Array.isArray(value)) return "list";
  if (typeof value === "boolean" || /^(?:true|false)$/i.test(text.trim())) return "boolean";
  return typeof value === "number" || /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text.trim()) ? "number" : "text";
}
