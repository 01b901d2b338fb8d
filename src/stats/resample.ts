import { TagprError } from "../core/errors.ts";
import { groupBy } from "../core/group.ts";
import type { Random } from "../core/random.ts";

/**
 * Bootstrap over clusters (users). Each cluster is a vector of sums (of scores, of counts), and a statistic is a
 * function of the total: so means, RMSE and macro-F1 are resampled alike, and several methods share each draw.
 */
export interface Clustered {
  /** `sums[m][c]`: method m's vector of sums over cluster c. */
  readonly sums: readonly (readonly (readonly number[])[])[];
  /** The statistic of a total. */
  readonly statistic: (total: readonly number[]) => number;
}

/** `values[m]` on all clusters, and `draws[m][r]` on resample r. */
export interface Resampled {
  readonly clusters: number;
  readonly values: readonly number[];
  readonly draws: readonly (readonly number[])[];
}

/** Draws as many clusters as there are, with replacement, `resamples` times; equal streams give equal draws. */
export function resample(data: Clustered, resamples: number, random: Random): Resampled {
  const clusters = data.sums[0]?.length ?? 0;
  if (clusters === 0) throw new TagprError("internal", "a bootstrap of no clusters");
  if (data.sums.some((own) => own.length !== clusters))
    throw new TagprError("internal", "methods of one bootstrap have different clusters");
  const draws = data.sums.map(() => [] as number[]);
  for (let r = 0; r < resamples; r++) {
    const counts = new Uint32Array(clusters);
    for (let c = 0; c < clusters; c++) bump(counts, random.int(clusters));
    for (const [m, own] of data.sums.entries()) draws[m]?.push(data.statistic(totalOf(own, counts)));
  }
  return { clusters, values: data.sums.map((own) => data.statistic(totalOf(own, null))), draws };
}

function bump(counts: Uint32Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

function totalOf(sums: readonly (readonly number[])[], counts: Uint32Array | null): number[] {
  const total = new Array<number>(sums[0]?.length ?? 0).fill(0);
  for (const [c, sum] of sums.entries()) {
    const times = counts === null ? 1 : (counts[c] ?? 0);
    if (times > 0) for (const [k, value] of sum.entries()) total[k] = (total[k] ?? 0) + times * value;
  }
  return total;
}

/** Vectors added up by key, keys in order of appearance: the sums of one method. `keys[i]` is the cluster of `vectors[i]`. */
export function sumsByKey(keys: readonly string[], vectors: readonly (readonly number[])[]): number[][] {
  const groups = groupBy(vectors, (_, i) => keys[i] ?? "");
  return [...groups.values()].map((own) => (own[0] ?? []).map((_, k) => own.reduce((sum, v) => sum + (v[k] ?? 0), 0)));
}

/** Mean of `[cluster, value]` rows with its 95% interval over clusters; no mean without rows, no interval of fewer than two clusters. */
export function clusteredMean(
  rows: readonly (readonly [string, number])[],
  resamples: number,
  random: Random,
): { readonly mean: number | null; readonly low: number | null; readonly high: number | null } {
  if (rows.length === 0) return { mean: null, low: null, high: null };
  const sums = sumsByKey(
    rows.map(([cluster]) => cluster),
    rows.map(([, value]) => [value, 1]),
  );
  if (sums.length < 2)
    return { mean: rows.reduce((sum, [, value]) => sum + value, 0) / rows.length, low: null, high: null };
  const statistic = ([sum = 0, n = 0]: readonly number[]): number => sum / n;
  const { values, draws } = resample({ sums: [sums], statistic }, resamples, random);
  return { mean: values[0] ?? null, ...interval95(draws[0] ?? []) };
}

/** A 95% interval; nulls where one cluster says nothing of how clusters differ. */
export interface Interval {
  readonly low: number | null;
  readonly high: number | null;
}

/** {@link interval95} of draws over so many clusters. */
export const intervalOver = (clusters: number, draws: readonly number[]): Interval =>
  clusters < 2 ? { low: null, high: null } : interval95(draws);

/** Bounds of the central 95% of the draws; NaN where a draw is no number: where it would stand among the others is not known. */
export function interval95(draws: readonly number[]): { readonly low: number; readonly high: number } {
  if (draws.some(Number.isNaN)) return { low: Number.NaN, high: Number.NaN };
  const sorted = draws.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** Value at a share of a sorted list, linearly between neighbours; NaN for an empty list. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}
