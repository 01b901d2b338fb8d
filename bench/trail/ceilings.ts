import { entry } from "../../src/data/synthetic/shape.ts";
import { inForce, THEMES, type Trail, walk } from "./world.ts";

/** Every bijection theme → label that agrees with the known entries. */
function* completions(known: ReadonlyMap<number, number>): Generator<number[]> {
  const themes = Array.from({ length: THEMES }, (_, t) => t).filter((t) => !known.has(t));
  const taken = new Set(known.values());
  const labels = Array.from({ length: THEMES }, (_, l) => l).filter((l) => !taken.has(l));
  for (const order of permutations(labels)) {
    const table = Array.from({ length: THEMES }, (_, t) => known.get(t) ?? -1);
    for (const [i, theme] of themes.entries()) table[theme] = entry(order, i);
    yield table;
  }
}

function* permutations(items: readonly number[]): Generator<number[]> {
  if (items.length === 0) yield [];
  for (const [i, first] of items.entries())
    for (const rest of permutations([...items.slice(0, i), ...items.slice(i + 1)])) yield [first, ...rest];
}

/** Probability of the likeliest answer for who knows these entries of the user's table, the public map, start and depth. */
export function best(leads: readonly number[], trail: Trail, known: ReadonlyMap<number, number>): number {
  const counts = new Map<number, number>();
  let all = 0;
  for (const table of completions(known)) {
    const answer = walk(leads, table, trail.start, trail.depth)?.at(-1)?.label;
    if (answer === undefined) continue;
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
    all++;
  }
  return Math.max(...counts.values()) / all;
}

/** Who sees the query and knows the public map. */
export const queryOnly = (leads: readonly number[], trail: Trail): number => best(leads, trail, new Map());

/** Who sees the shown items as well. */
export const shownItems = (leads: readonly number[], trail: Trail): number => best(leads, trail, inForce(trail.items));

/** Who can do the first `j` hops and no more: knows the user's labels of the themes on the way so far. */
export const hops = (leads: readonly number[], trail: Trail, j: number): number =>
  best(leads, trail, new Map(trail.path.slice(0, j).map(({ theme, label }) => [theme, label])));
