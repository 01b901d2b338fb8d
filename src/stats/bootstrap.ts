import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { quantile } from "./resample.ts";
import { tTail } from "./student.ts";

export interface BootstrapOptions {
  /** Names the random stream; equal names give equal intervals. */
  readonly name: readonly (string | number)[];
  readonly resamples?: number;
  /** Coverage of the interval. */
  readonly level?: number;
}

/** A mean with its percentile bootstrap interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  /** Two-sided bootstrap p-value of "the mean is 0": twice the smaller share of resamples on either side of 0. */
  readonly p: number;
}

/** One value and the groups it stands in, outermost first, e.g. `[seed, user]` for a query's score. */
export interface Nested {
  readonly levels: readonly (string | number)[];
  readonly value: number;
}

/**
 * Mean of nested values with the hierarchical bootstrap: groups of the outermost level are drawn with replacement,
 * within each drawn group those of the next, at last the values; the mean is over all values drawn. For claims:
 * levels `[seed, user]` and the paired difference of a query as the value.
 */
export function hierarchicalMean(rows: readonly Nested[], options: BootstrapOptions): Estimate {
  if (rows.length === 0) throw new TagprError("internal", "a bootstrap of no values");
  const depth = rows[0]?.levels.length ?? 0;
  if (rows.some((row) => row.levels.length !== depth))
    throw new TagprError("internal", "rows of one bootstrap have different levels");
  const tree = grow(rows, 0, depth);
  const random = stream("bootstrap", ...options.name);
  const resamples = options.resamples ?? 2000;
  const draws = Array.from({ length: resamples }, () => {
    const total = { sum: 0, n: 0 };
    draw(tree, random.int, total);
    return total.sum / total.n;
  }).sort((x, y) => x - y);
  const tail = (1 - (options.level ?? 0.95)) / 2;
  const mean = rows.reduce((sum, row) => sum + row.value, 0) / rows.length;
  return { mean, low: quantile(draws, tail), high: quantile(draws, 1 - tail), n: rows.length, p: pValue(draws) };
}

type Tree = { readonly values: Float64Array } | { readonly groups: readonly Tree[] };

function grow(rows: readonly Nested[], level: number, depth: number): Tree {
  if (level === depth) return { values: Float64Array.from(rows, (row) => row.value) };
  const groups = new Map<string | number | undefined, Nested[]>();
  for (const row of rows) {
    const own = groups.get(row.levels[level]);
    if (own === undefined) groups.set(row.levels[level], [row]);
    else own.push(row);
  }
  return { groups: [...groups.values()].map((group) => grow(group, level + 1, depth)) };
}

function draw(tree: Tree, int: (n: number) => number, total: { sum: number; n: number }): void {
  if ("groups" in tree) {
    for (let i = 0; i < tree.groups.length; i++) {
      const group = tree.groups[int(tree.groups.length)];
      if (group !== undefined) draw(group, int, total);
    }
    return;
  }
  const { values } = tree;
  for (let i = 0; i < values.length; i++) total.sum += values[int(values.length)] ?? 0;
  total.n += values.length;
}

/**
 * Two-sided bootstrap p-value of "it is 0": twice the smaller share of draws on either side of 0. One draw is added on
 * each side, so that no p-value is 0.
 */
export function pValue(draws: readonly number[]): number {
  const below = draws.filter((d) => d <= 0).length;
  const above = draws.filter((d) => d >= 0).length;
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (draws.length + 1));
}

/** Draws beyond 0 that a bootstrap's p-value must rest on. */
const ENOUGH = 20;

/**
 * {@link pValue} of a difference's draws over so many clusters. Where too few of them lie beyond 0 to tell it, as a correction
 * for many comparisons asks for, that of Student's t with the draws' standard deviation as the standard error: else no
 * difference, however large, would be told apart in a family that is larger than a fortieth of the draws. Never below the
 * p-value of the sign test where all clusters agree, 2^(1 − clusters): of fewer than six nothing is ever decided at .05, however
 * alike their few members are.
 */
export function pOver(clusters: number, draws: readonly number[], value: number): number {
  const drawn = Math.min(1, Math.max(pValue(draws), 2 ** (1 - clusters)));
  const resolved = (2 * ENOUGH) / (draws.length + 1);
  const se = spread(draws);
  if (drawn > resolved || se === null || se === 0 || clusters < 2) return drawn;
  const p = 2 * tTail(Math.abs(value) / se, clusters - 1);
  return Math.max(2 ** (1 - clusters), Math.min(resolved, p));
}

/** Standard deviation, n − 1 in the denominator; null of fewer than two values. */
export function spread(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/**
 * Holm's step-down correction: adjusted p-values in the given order, to compare with the level as they are. `m` is the
 * size of the family where some of it has no p-value yet, which counts as 1.
 */
export function holm(pValues: readonly number[], m = pValues.length): number[] {
  const order = pValues.map((p, i) => ({ p, i })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length);
  let most = 0;
  for (const [rank, { p, i }] of order.entries()) {
    most = Math.max(most, Math.min(1, p * (m - rank)));
    adjusted[i] = most;
  }
  return adjusted;
}
