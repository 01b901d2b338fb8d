import { compareTuples, oldestFirst, parseDate, surelyEarlier } from "./dates.ts";
import type { ProfileItem } from "./types.ts";

/** One row of a user as history knows it. */
export interface Dated {
  readonly item: ProfileItem;
}

/** Rows of one user and one date, of which none came first. Without dates each row stands alone. */
export interface Moment<T extends Dated> {
  readonly date: readonly number[] | null;
  readonly entries: T[];
}

/** A user's rows, oldest first. */
export function momentsOf<T extends Dated>(entries: readonly T[]): Moment<T>[] {
  const moments: Moment<T>[] = [];
  const dated = entries.map((entry) => ({
    entry,
    ...(entry.item.date === undefined ? {} : { date: entry.item.date }),
  }));
  for (const { entry, date: text } of oldestFirst(dated)) {
    const date = text === undefined ? null : parseDate(text);
    const last = moments.at(-1);
    if (date !== null && last !== undefined && last.date !== null && compareTuples(last.date, date) === 0)
      last.entries.push(entry);
    else moments.push({ date, entries: [entry] });
  }
  return moments;
}

/** The newest `most` items that are surely earlier than a moment, oldest first. Looks no further back than it must. */
export function newestBefore<T extends Dated>(moments: readonly Moment<T>[], at: number, most: number): ProfileItem[] {
  const own = moments[at]?.date ?? null;
  const newest: ProfileItem[] = [];
  for (let m = at - 1; m >= 0 && newest.length < most; m--) {
    const { date, entries } = moments[m] ?? { date: null, entries: [] };
    if (own !== null && date !== null && !surelyEarlier(date, own)) continue;
    for (const { item } of entries.slice(newest.length - most).reverse()) newest.push(item);
  }
  return newest.reverse();
}
