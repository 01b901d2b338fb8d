import type { Random } from "../src/core/random.ts";
import type { ReadItem } from "../src/data/synthetic/read.ts";
import type { Content, Shape } from "../src/data/synthetic/shape.ts";

/**
 * What the base model says, given only what a prompt shows and no knowledge of any world:
 * tag: the label of the latest item with the query's concept; without one, any label shown; without items, any label.
 * rating: the score of the latest item of the query's level, else the level's neutral score.
 * title: the latest item's template; without items, any.
 */
export function guess(shape: Shape, items: readonly ReadItem[], query: Content, random: Random): number {
  const match = lookUp(shape, items, query);
  if (match !== null) return match;
  if (shape.name === "rating") return query[0] ?? 0;
  const shown = items.flatMap((item) => (item.outcome === null ? [] : [item.outcome]));
  return shown.length > 0 ? random.pick(shown) : random.int(shape.outcomes);
}

/** The outcome of the latest item that settles the query by copying, or null. */
export function lookUp(shape: Shape, items: readonly ReadItem[], query: Content): number | null {
  const same = (item: ReadItem) => shape.name === "title" || String(item.content) === String(query);
  return items.findLast(same)?.outcome ?? null;
}
