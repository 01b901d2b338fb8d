import { readGrade } from "../grade.ts";
import type { TaskKind } from "../types.ts";
import type { Column } from "./columns.ts";
import { says } from "./words.ts";

/** Which column is what, as far as names and values tell. */
export interface Roles {
  readonly user: Column | undefined;
  readonly date: Column | undefined;
  readonly id: Column | undefined;
  readonly gold: Column | undefined;
  /** A list of items a row: the history that comes with it. */
  readonly history: Column | undefined;
  /** What the query shows, longest first. */
  readonly texts: readonly Column[];
  /** Columns that look like a time and are not the date. */
  readonly otherTimes: readonly Column[];
}

/** Share of a column's values that are times, for it to be the date; and where its header says that it is. */
const TIMES = 0.9;
const MOST = 0.5;
/** Share of the rows that have a text, for it to be shown: a row without it is a bad one. */
const FILLED = 0.9;
/** Different values of a column whose answer is one of a few. */
const FEW = 40;
/** Texts that a query shows at most. */
const SHOWN = 3;

/**
 * Whether the values are times: most of them where the header says so (the others are bad rows, which `data build` names),
 * nearly all elsewhere. Bare numbers count only where the header says so.
 */
export function isTime({ name, kind, count, time }: Column): boolean {
  if (
    time === null ||
    time.readable < (says("time", name) ? MOST : TIMES) * time.total ||
    time.total < Math.min(count, 2)
  )
    return false;
  return kind !== "number" || says("time", name);
}

export function guessRoles(columns: readonly Column[], rows: number): Roles {
  const left = new Set(columns);
  const take = (fits: (column: Column) => boolean, order: (column: Column) => number = () => 0): Column | undefined => {
    const [found] = [...left].filter(fits).sort((a, b) => order(a) - order(b));
    if (found !== undefined) left.delete(found);
    return found;
  };
  const repeats = (c: Column): boolean => c.many || c.values.size < c.count;
  const lists =
    take((c) => c.kind === "items" && says("history", c.name)) ??
    take(
      (c) => c.kind === "items" && c.count > rows / 2 && columns.filter(({ kind }) => kind === "items").length === 1,
    );
  const flat = (c: Column): boolean => c.kind !== "items";
  const person = (c: Column): boolean =>
    flat(c) && says("user", c.name) && !says("gold", c.name) && !isTime(c) && c.length < 80;
  const user =
    take(
      (c) => person(c) && c.values.size > 1 && repeats(c),
      (c) => -Number(says("id", c.name)),
    ) ??
    (lists === undefined ? undefined : (take(person) ?? take((c) => flat(c) && says("id", c.name)))) ??
    take(
      (c) =>
        flat(c) &&
        c.values.size > 1 &&
        c.values.size <= rows / 2 &&
        c.length < 40 &&
        !says("gold", c.name) &&
        !says("time", c.name) &&
        !isTime(c) &&
        c.kind !== "boolean" &&
        isKey(c),
    ) ??
    take(person);
  // A list of texts is the history of a user who has no other rows.
  const history =
    lists ??
    (user === undefined || repeats(user) ? undefined : take((c) => c.kind === "list" && says("history", c.name)));
  const sure = (c: Column): number => Number(c.time === null || c.time.readable < TIMES * c.time.total);
  const date = take((c) => says("time", c.name) && isTime(c), sure) ?? take(isTime);
  const id = take((c) => flat(c) && says("id", c.name) && c.unique && c.count === rows && isWord(c));
  const gold = goldOf(left, rows);
  if (gold !== undefined) left.delete(gold);
  const otherTimes = [...left].filter((c) => flat(c) && looksLikeTime(c));
  const able = [...left].filter((c) => flat(c) && c.values.size > 1 && !looksLikeTime(c));
  const filled = able.filter((c) => c.count >= FILLED * rows);
  return { user, date, id, gold, history, texts: textsOf(filled.length > 0 ? filled : able), otherTimes };
}

const looksLikeTime = (c: Column): boolean =>
  isTime(c) || (says("time", c.name) && c.kind !== "boolean" && !says("gold", c.name) && c.length < 60 && digitsIn(c));

/** What says time and is mostly digits, or a few words with a number (`5 days ago`), is one that nobody could read; longer texts are texts. */
function digitsIn(c: Column): boolean {
  const texts = [...c.values.keys()].slice(0, 20);
  const digits = texts.filter(
    (text) => /\p{N}/u.test(text) && (text.length < 20 || lettersOf(text) <= 0.6 * text.length),
  );
  return 2 * digits.length > texts.length;
}

const lettersOf = (text: string): number => text.match(/\p{L}/gu)?.length ?? 0;

/** An id is one word; what has spaces in it is a text, whatever its column is called. */
const isWord = (c: Column): boolean =>
  c.length < 80 && ![...c.values.keys()].slice(0, 20).some((text) => /\s/.test(text.trim()));

/** What stands for a person where no header says so: neither a grade nor a label of a few words. */
const isKey = (c: Column): boolean => c.values.size > 5 || c.kind === "text";

function goldOf(left: ReadonlySet<Column>, rows: number): Column | undefined {
  const able = [...left].filter((c) => c.kind !== "items" && c.values.size > 1 && !looksLikeTime(c));
  const named = able.filter((c) => says("gold", c.name));
  const few = (c: Column): boolean => !c.many && c.values.size <= Math.min(FEW, rows / 2) && c.length < 40;
  return (
    named.find((c) => !says("id", c.name)) ??
    named[0] ??
    able.find((c) => few(c) && c.kind === "text" && c.grades.count === 0 && !says("user", c.name)) ??
    able.find((c) => c.kind === "boolean") ??
    able.find((c) => few(c) && kindOf(c, rows) === "ordinal") ??
    [...able].filter((c) => !says("id", c.name)).sort((a, b) => a.length - b.length)[0]
  );
}

/** The longest texts; numbers and ids only where there is nothing else to show. */
function textsOf(columns: readonly Column[]): Column[] {
  const texts = columns.filter(
    (c) => (c.kind === "text" || c.kind === "list") && !(says("id", c.name) && c.length < 40),
  );
  const shown = texts.length > 0 ? texts : columns;
  return [...shown].sort((a, b) => b.length - a.length).slice(0, SHOWN);
}

/** The kind of task that a column makes as its answer. */
export function kindOf(gold: Column, rows: number): TaskKind {
  const numbers = new Set([...gold.values.keys()].map(readGrade).filter((value) => value !== null));
  const graded = gold.grades.count >= 0.98 * gold.count && gold.grades.scales.size <= 1;
  if (graded && gold.kind !== "boolean" && !gold.many && numbers.size >= 3 && numbers.size <= 11) return "ordinal";
  return !gold.many && gold.values.size >= 2 && gold.values.size <= Math.min(FEW, rows / 2) && gold.length < 40
    ? "classification"
    : "generation";
}
