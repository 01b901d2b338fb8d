import type { Almanac } from "../almanac.ts";
import type { ReadItem } from "../read.ts";
import { type Content, entry, isAlike, openOutcomes, type Shape } from "../shape.ts";

/** What the almanac says the `t`-th type does with a content; null where it says nothing. */
export function typeOutcome(almanac: Almanac, shape: Shape, t: number, content: Content): number | null {
  const type = entry(almanac.types, t);
  switch (shape.name) {
    case "tag":
      return found(almanac.labels, type.table[entry(almanac.concepts, content[0]).name]);
    case "rating": {
      const { offset, cap } = type.habit;
      return Math.min(Math.max((content[0] ?? 0) + 1 + offset, 1), cap) - 1;
    }
    case "title":
      return found(
        almanac.titles.map(({ name }) => name),
        type.title,
      );
    default: {
      const state = almanac.more?.[shape.name]?.[t]?.[shape.keyOf(content)];
      return state === undefined ? null : shape.outcomeOf(state, content);
    }
  }
}

function found(list: readonly string[], value: string | undefined): number | null {
  const at = value === undefined ? -1 : list.indexOf(value);
  return at < 0 ? null : at;
}

/** Outcomes that most types have for a content, of those that it leaves open (several where they tie). */
export function commonOutcomes(almanac: Almanac, shape: Shape, content: Content): number[] {
  const open = openOutcomes(shape, content);
  const usual = almanac.types.flatMap((_, t) => {
    const outcome = typeOutcome(almanac, shape, t, content);
    return outcome === null || !open.includes(outcome) ? [] : [outcome];
  });
  return usual.length > 0 ? mostFrequent(usual) : [...open];
}

/** The values that occur most often, in order of first occurrence. */
export function mostFrequent(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].filter(([, count]) => count === most).map(([value]) => value);
}

/** Types that agree with the most of the items that can be read. */
export function likeliestTypes(almanac: Almanac, shape: Shape, items: readonly ReadItem[]): number[] {
  const agreed = almanac.types.map(
    (_, t) =>
      items.filter((item) => item.content && typeOutcome(almanac, shape, t, item.content) === item.outcome).length,
  );
  const most = Math.max(...agreed);
  return agreed.flatMap((count, t) => (count === most ? [t] : []));
}

/** Whether an item settles the query by being copied: the same concept, the same level, the same kind; any title. */
export function isMatch(shape: Shape, item: ReadItem, query: Content): boolean {
  return item.content !== null && isAlike(shape, item.content, query);
}
