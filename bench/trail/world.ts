import { type Random, stream } from "../../src/core/random.ts";
import { CONCEPTS, LABELS } from "../../src/data/synthetic/lexicon.ts";
import { entry } from "../../src/data/synthetic/shape.ts";

/*
 * The world "trail", a candidate that stands outside `src/` until its gates are passed (docs/log.md). You tag a film; the
 * shop opens that tag's page with a film of some theme; you tag that … which tag is the k-th? It tests the use of one
 * user's evidence over several steps, not taste: labels alone, answered at once, should not reach it.
 */

/** Themes 0 to 7 stand in a user's table; items about the other concepts are distractors. */
export const THEMES = 8;

/** What decides how hard a query is. Settled on dev seeds 0 to 4. */
export interface Constants {
  /** Items shown with a query. */
  readonly items: number;
  /** Themes that were tagged again later; the newest tag holds. */
  readonly changed: number;
  /** `hidden[n]`: probability that n themes are not shown at all. */
  readonly hidden: readonly number[];
}
export const CONSTANTS: Constants = { items: 11, changed: 2, hidden: [0.5, 0.5] };

export interface Item {
  /** Index into CONCEPTS; 8 and above are distractors. */
  readonly theme: number;
  readonly label: number;
}

export type HopKind = "once" | "changed" | "hidden";

/** A theme on the way, the label that the user gives it, and how the history tells. */
export interface Hop {
  readonly theme: number;
  readonly label: number;
  readonly kind: HopKind;
}

/** One query of one user: what is shown, oldest first, and the way to its answer. */
export interface Trail {
  readonly items: readonly Item[];
  readonly start: number;
  readonly depth: number;
  /** `path[h]`: hop h; the last label is the answer. */
  readonly path: readonly Hop[];
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Public, eight facts a world: label → theme of the film that its page opens with. A bijection. */
export const leadsOf = (seed: number): number[] => stream(seed, "trail", "leads").shuffle(range(THEMES));

/** A user's own table theme → label, a uniform bijection: no types, so nothing about the answer can be learnt by heart. */
export const tableOf = (seed: number, user: string): number[] => stream(seed, "trail", user).shuffle(range(THEMES));

/** The themes t0 … tk and labels l1 … lk of a walk; null where a theme comes back (else the label that leads back would be likelier). */
export function walk(leads: readonly number[], table: readonly number[], start: number, depth: number) {
  const path: { theme: number; label: number }[] = [];
  const seen = new Set<number>();
  let theme = start;
  for (let hop = 0; hop < depth; hop++) {
    seen.add(theme);
    const label = entry(table, theme);
    path.push({ theme, label });
    theme = entry(leads, label);
    if (seen.has(theme)) return null;
  }
  return path;
}

/** A query of `depth` hops, or null where this user's table has no such walk. */
export function drawTrail(
  leads: readonly number[],
  table: readonly number[],
  depth: number,
  random: Random,
  constants = CONSTANTS,
): Trail | null {
  const starts = range(THEMES).filter((start) => walk(leads, table, start, depth) !== null);
  if (starts.length === 0) return null;
  const start = random.pick(starts);
  const hidden = new Set(random.shuffle(range(THEMES)).slice(0, random.weighted(constants.hidden)));
  const shown = range(THEMES).filter((theme) => !hidden.has(theme));
  const changed = random.shuffle(shown).slice(0, constants.changed);
  const items = arrange(table, shown, changed, random, constants);
  const path = (walk(leads, table, start, depth) ?? []).map((hop) => ({
    ...hop,
    kind: hidden.has(hop.theme)
      ? ("hidden" as const)
      : changed.includes(hop.theme)
        ? ("changed" as const)
        : ("once" as const),
  }));
  return { items, start, depth, path };
}

/** Items in a random order in which a theme's older tag comes before its newer one. */
function arrange(
  table: readonly number[],
  shown: readonly number[],
  changed: readonly number[],
  random: Random,
  { items }: Constants,
): Item[] {
  const distractors = Math.max(0, items - shown.length - changed.length);
  const out: Item[] = random.shuffle([
    ...shown.map((theme) => ({ theme, label: entry(table, theme) })),
    ...range(distractors).map(() => ({
      theme: THEMES + random.int(CONCEPTS.length - THEMES),
      label: random.int(LABELS.length),
    })),
  ]);
  for (const theme of changed) {
    const now = entry(table, theme);
    const before = (now + 1 + random.int(LABELS.length - 1)) % LABELS.length;
    const at = out.findIndex((item) => item.theme === theme);
    out.splice(random.int(at + 1), 0, { theme, label: before });
  }
  return out;
}

/** What holds of the shown items: theme → label of its newest item. */
export function inForce(items: readonly Item[]): Map<number, number> {
  return new Map(items.filter(({ theme }) => theme < THEMES).map(({ theme, label }) => [theme, label]));
}
