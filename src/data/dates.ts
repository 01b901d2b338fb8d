/**
 * Dates are compared as LaMP's code does: split on `-`, each part an integer, as tuples. So `2018` < `2018-05` <
 * `2018-05-26`, and `2018-5-6` equals `2018-05-06`. A time of day after the date is not compared.
 */
export function parseDate(date: string): readonly number[] | null {
  const match = DATE.exec(date);
  return match === null ? null : match[0].trim().split("-").map(Number);
}

/** Whether the date is readable. Most are plain days, which a pattern would take long over: files have millions. */
export function isDate(date: string): boolean {
  return isDay(date) || DATE.test(date);
}

const DATE = /^\s*\d+(?:-\d+)*(?=\s|T|$)/;

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
