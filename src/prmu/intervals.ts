import { stream } from "../core/random.ts";

const RESAMPLES = 1000;

/** Mean of `[cluster, value]` rows with its 95% percentile interval, whole clusters (users) resampled; nulls without rows. */
export function clusteredMean(rows: readonly (readonly [string, number])[]): {
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
} {
  const sums = new Map<string, { sum: number; n: number }>();
  for (const [cluster, value] of rows) {
    const own = sums.get(cluster) ?? { sum: 0, n: 0 };
    sums.set(cluster, { sum: own.sum + value, n: own.n + 1 });
  }
  const clusters = [...sums.values()];
  if (clusters.length === 0) return { mean: null, low: null, high: null };
  const meanOf = (some: readonly { sum: number; n: number }[]): number =>
    some.reduce((total, c) => total + c.sum, 0) / some.reduce((total, c) => total + c.n, 0);
  const random = stream("prmu", "intervals");
  const draws = Array.from({ length: RESAMPLES }, () => meanOf(clusters.map(() => random.pick(clusters))));
  draws.sort((a, b) => a - b);
  const at = (share: number): number => draws[Math.round(share * (RESAMPLES - 1))] as number;
  return { mean: meanOf(clusters), low: at(0.025), high: at(0.975) };
}
