/**
 * Dates are compared as LaMP's code does: split on `-`, each part an integer, as tuples. So `2018` < `2018-05` <
 * `2018-05-26`, and `2018-5-6` equals `2018-05-06`. A time of day makes the tuple longer (hour, minute, second), in UTC where
 * the date names a zone: `2017-11-01T01:00+09:00` is four o'clock in the afternoon of the day before.
 */
export function parseDate(date: string): readonly number[] | null {
  const match = DATE.exec(date);
  if (match === null) return null;
  const [, days = "", hour, minute, second, zone] = match;
  const day = days.split("-").map(Number);
  if (hour === undefined || day.length !== 3) return day;
  const time = [hour, minute, second].flatMap((part) => (part === undefined ? [] : [Number(part)]));
  return zone === undefined || zone === "Z" ? [...day, ...time] : inUtc(day, time, zone);
}

function inUtc(day: readonly number[], time: readonly number[], zone: string): number[] {
  const [year = 0, month = 1, date = 1] = day;
  const [hour = 0, minute = 0, ...seconds] = time;
  const offset = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * (zone.startsWith("-") ? -1 : 1);
  const utc = new Date(Date.UTC(year, month - 1, date, hour, minute - offset));
  const parts = [utc.getUTCFullYear(), utc.getUTCMonth() + 1, utc.getUTCDate(), utc.getUTCHours(), utc.getUTCMinutes()];
  return [...parts, ...seconds];
}

/** Whether `a` is earlier than `b` whatever they leave open: a month is not earlier than one of its days. */
export function surelyEarlier(a: readonly number[], b: readonly number[]): boolean {
  const open = Math.min(a.length, b.length);
  return compareTuples(a.slice(0, open), b.slice(0, open)) < 0;
}

/** Whether the date is readable. Most are plain days, which a pattern would take long over: files have millions. */
export function isDate(date: string): boolean {
  return isDay(date) || DATE.test(date);
}

const DATE =
  /^\s*(\d+(?:-\d+)*)(?=\s|T|$)(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(Z|[+-]\d{2}:?\d{2})?(?=\s*$))?/;

/** Negative when `a` is earlier; a tuple that another begins with is the earlier one. */
export function compareTuples(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** {@link compareTuples} of two dates as written. An unreadable date is earlier than any other. */
export function compareDates(a: string, b: string): number {
  return compareTuples(parseDate(a) ?? [], parseDate(b) ?? []);
}

/**
 * A copy in order of date, oldest first. Stable, so equal dates keep their order; if any element has no readable date,
 * the given order is kept whole.
 */
export function oldestFirst<T extends { readonly date?: string }>(items: readonly T[]): T[] {
  return days(items) ?? tuples(items);
}

/** `2018-05-26` and nothing else: such dates are ordered as their texts are. */
function isDay(date: string): boolean {
  if (date.length !== 10) return false;
  for (let i = 0; i < 10; i++) {
    const code = date.charCodeAt(i);
    if (i === 4 || i === 7 ? code !== 0x2d : code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** {@link oldestFirst} of plain days, null when one is something else. Profiles are mostly in order already. */
function days<T extends { readonly date?: string }>(items: readonly T[]): T[] | null {
  let inOrder = true;
  let last = "";
  for (const { date } of items) {
    if (date === undefined || !isDay(date)) return null;
    if (date < last) inOrder = false;
    last = date;
  }
  if (inOrder) return [...items];
  return items.toSorted(({ date: a = "" }, { date: b = "" }) => (a < b ? -1 : a > b ? 1 : 0));
}

function tuples<T extends { readonly date?: string }>(items: readonly T[]): T[] {
  const dated: { item: T; key: readonly number[] }[] = [];
  for (const item of items) {
    const key = item.date === undefined ? null : parseDate(item.date);
    if (key === null) return [...items];
    dated.push({ item, key });
  }
  return dated.sort((a, b) => compareTuples(a.key, b.key)).map(({ item }) => item);
}
