/**
 * Dates are compared as LaMP's code does: split on `-`, each part an integer, as tuples. So `2018` < `2018-05` <
 * `2018-05-26`, and `2018-5-6` equals `2018-05-06`. A time of day after the date is not compared.
 */
export function parseDate(date: string): readonly number[] | null {
  const match = DATE.exec(date);
  return match === null ? null : match[0].trim().split("-").map(Number);
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
  const keys = items.map((item) => (item.date === undefined ? null : parseDate(item.date)));
  const dated: { item: T; key: readonly number[] }[] = [];
  for (const [i, item] of items.entries()) {
    const key = keys[i] ?? null;
    if (key === null) return [...items];
    dated.push({ item, key });
  }
  return dated.sort((a, b) => compareTuples(a.key, b.key)).map(({ item }) => item);
}
