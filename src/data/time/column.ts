import { DateTime } from "luxon";
import { momentText, splitClock } from "./clock.ts";
import { type Day, type DayFormat, doubtful, plainDay, readDay, readPlain } from "./days.ts";
import { isNumber, NUMBER_UNITS, readNumber, unitsOf } from "./numbers.ts";

/** How a column's texts are read as times. */
export interface TimeReading {
  /** `2018`, `2018-05`, `2018-05-26`, `2018-05-26T20:00:00Z`, or without the zone where the text has none; null: no time. */
  readonly read: (text: string) => string | null;
  /** What `record.dateFormat` says to have the same reading again; undefined where no word is needed. */
  readonly format?: string;
}

/** What was found out about a column. */
export interface TimeFindings {
  readonly reading: TimeReading;
  /** Texts that were looked at, and how many of them are times. */
  readonly total: number;
  readonly readable: number;
  /** Texts that are none, the first three. */
  readonly unread: readonly string[];
  /** Two readings that the column can't decide between, with a text of it. */
  readonly doubt: { readonly formats: readonly string[]; readonly example: string } | null;
}

/** Rows that contradict a reading, of a hundred: fewer are bad rows, more make it doubtful. */
const BAD_SHARE = 0.05;

/** Characters of a time at most: JavaScript's own form, with the name of its zone. */
const LONGEST = 100;

/** Gathers a column's texts; what they are is decided from all of them. */
export function timeColumn(): { readonly add: (text: string) => void; readonly findings: () => TimeFindings } {
  const [units, orders] = [counter(), counter()];
  const unread: string[] = [];
  let [total, plain] = [0, 0];
  let last: DayFormat | undefined;
  const add = (text: string): void => {
    total++;
    const seen = choicesOf(text.trim(), last);
    if (seen === null && unread.length < 3) unread.push(text);
    if (seen === null) return;
    if ("units" in seen) units.add(text, seen.units);
    else if ("orders" in seen) orders.add(text, seen.orders);
    else {
      plain++;
      last = seen.plain;
    }
  };
  const findings = (): TimeFindings => {
    const [unit, order] = [units.best(), orders.best()];
    const chosen = [...unit.formats.slice(0, 1), ...order.formats.slice(0, 1)];
    const only = chosen.length === 1 && plain === 0 ? chosen[0] : undefined;
    const reading = readingOf(chosen, last);
    return {
      reading: only === undefined ? reading : { ...reading, format: only },
      ...{ total, readable: plain + unit.readable + order.readable, doubt: unit.doubt ?? order.doubt },
      unread: [...unread, ...unit.missed, ...order.missed].slice(0, 3),
    };
  };
  return { add, findings };
}

type Choices =
  | { readonly units: readonly string[] }
  | { readonly orders: readonly string[] }
  | { readonly plain: DayFormat };

/** How a text may be read by itself: as a number by these units, as a day by these orders, or in one way; null: as no time. */
function choicesOf(text: string, last: DayFormat | undefined): Choices | null {
  if (text.length > LONGEST || !/\d/.test(text)) return null;
  if (isNumber(text)) {
    const units = unitsOf(text);
    return units.length === 0 ? null : { units };
  }
  const parts = partsOf(text);
  if (parts === null) return null;
  const doubts = doubtful(parts.day);
  if (doubts.length > 0) {
    const orders = doubts.filter((pattern) => {
      const day = readDay(parts.day, { pattern });
      return day !== null && joined(day, parts) !== null;
    });
    return orders.length === 0 ? null : { orders };
  }
  const found = readPlain(parts.day, last);
  return found === null || joined(found.day, parts) === null ? null : { plain: found.format };
}

/** Counts of the formats that texts may have. */
interface Counter {
  readonly add: (text: string, formats: readonly string[]) => void;
  readonly best: () => {
    readonly formats: readonly string[];
    readonly readable: number;
    readonly missed: readonly string[];
    readonly doubt: TimeFindings["doubt"];
  };
}

function counter(): Counter {
  const counts = new Map<string, number>();
  const only = new Map<string, string>();
  const alone = new Map<string, number>();
  let [total, example] = [0, ""];
  const add = (text: string, formats: readonly string[]): void => {
    total++;
    for (const format of formats) counts.set(format, (counts.get(format) ?? 0) + 1);
    const [first] = formats;
    if (formats.length > 1) example ||= text;
    else if (first !== undefined) {
      alone.set(first, (alone.get(first) ?? 0) + 1);
      if (!only.has(first)) only.set(first, text);
    }
  };
  const best = () => {
    const sorted = [...counts].sort((a, b) => b[1] - a[1]);
    const [first, second] = sorted;
    if (first === undefined) return { formats: [], readable: 0, missed: [], doubt: null };
    const missed = [...only].flatMap(([format, text]) => (format === first[0] ? [] : [text]));
    // A second reading is out when rows speak for the first alone, and next to none for it alone.
    const against = second === undefined ? 0 : (alone.get(second[0]) ?? 0);
    const proof = alone.get(first[0]) ?? 0;
    const sure =
      second === undefined ||
      (proof > 0 && against <= BAD_SHARE * proof) ||
      (sharesNone(first[0], second[0]) && against <= BAD_SHARE * total);
    const doubt = sure
      ? null
      : { formats: sorted.map(([format]) => format).slice(0, 3), example: example || (missed[0] ?? "") };
    return { formats: sorted.map(([format]) => format), readable: first[1], missed, doubt };
  };
  return { add, best };
}

/** Whether two formats can't read one text: seconds and days of Excel, say. */
const sharesNone = (a: string, b: string): boolean =>
  NUMBER_UNITS.includes(a) &&
  NUMBER_UNITS.includes(b) &&
  !(a.length === 8 && b.length === 8 && a !== "yyyyMMdd" && b !== "yyyyMMdd");

/** The reading that a person named: one of the units of numbers, or a format of luxon's for the day or the whole text. */
export function namedReading(format: string): TimeReading {
  return { ...readingOf([format], undefined, true), format };
}

/** Reads by the formats chosen for numbers and doubtful days; other days are read as they can only be meant. */
function readingOf(chosen: readonly string[], last: DayFormat | undefined, strict = false): TimeReading {
  const units = chosen.filter((format) => NUMBER_UNITS.includes(format));
  const patterns = chosen.filter((format) => !NUMBER_UNITS.includes(format));
  let memo = last;
  const read = (text: string): string | null => {
    const trimmed = text.trim();
    if (trimmed.length > LONGEST) return null;
    for (const unit of units) {
      const value = readNumber(trimmed, unit);
      if (value !== null) return value;
    }
    const parts = partsOf(trimmed);
    if (parts === null) return strict ? byPatterns(trimmed, null, patterns) : null;
    const own = byPatterns(trimmed, parts, patterns);
    if (own !== null || strict || isNumber(trimmed) || doubtful(parts.day).length > 0) return own;
    const found = readPlain(parts.day, memo);
    if (found === null) return null;
    memo = found.format;
    return joined(found.day, parts);
  };
  return { read };
}

function byPatterns(text: string, parts: Parts | null, patterns: readonly string[]): string | null {
  for (const pattern of patterns) {
    const whole = /[Hhms]/.test(pattern);
    const day = whole || parts === null ? null : (readDay(parts.day, { pattern }) ?? readDay(parts.raw, { pattern }));
    if (day !== null && parts !== null) return joined(day, parts);
    const moment = DateTime.fromFormat(text, pattern, { locale: "en", setZone: true, zone: "utc" });
    if (!whole || !moment.isValid) continue;
    const [local, instant] = ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss'Z'"];
    return /[Zz]/.test(pattern) ? moment.toUTC().toFormat(instant) : moment.toFormat(local);
  }
  return null;
}

interface Parts {
  /** The day as written, and with what it doesn't need taken off. */
  readonly raw: string;
  readonly day: string;
  readonly clock: NonNullable<ReturnType<typeof splitClock>>["clock"];
}

function partsOf(text: string): Parts | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return { raw: text, day: text, clock: null };
  const plain = text
    .replace(/^(\d{4}):(\d\d):(\d\d)(?= )/, "$1-$2-$3")
    .replace(
      /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d)(\d\d)(\d\d)?(?=Z|[+-]|$)/,
      (_, y, m, d, h, mi, s) => `${y}-${m}-${d}T${h}:${mi}:${s ?? "00"}`,
    );
  const split = splitClock(plain);
  return split === null ? null : { raw: split.day.trim(), day: plainDay(split.day), clock: split.clock };
}

function joined(day: Day, { clock }: Parts): string | null {
  const [year, month, date] = day;
  const two = (n: number) => String(n).padStart(2, "0");
  if (month === undefined || date === undefined)
    return clock === null ? (month === undefined ? String(year) : `${year}-${two(month)}`) : null;
  return clock === null ? `${year}-${two(month)}-${two(date)}` : momentText([year, month, date], clock);
}
