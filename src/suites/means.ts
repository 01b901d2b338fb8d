import type { Measured, Resamples } from "./draws.ts";

/** The mean of a number a query, on all queries and on the resamples of their clusters. */
export const meanOf = (values: ArrayLike<number>, clusters: readonly string[], resamples: Resamples): Measured =>
  ratioOf(values, new Float64Array(values.length).fill(1), clusters, resamples);

/**
 * The sum of one number a query over the sum of another, on all queries and on the resamples of their clusters: a share of what
 * queries have several of, or none. NaN where the latter is 0.
 */
export function ratioOf(
  part: ArrayLike<number>,
  of: ArrayLike<number>,
  clusters: readonly string[],
  { place, counts }: Resamples,
): Measured {
  const [parts, wholes] = [new Float64Array(place.size), new Float64Array(place.size)];
  for (const [i, cluster] of clusters.entries()) {
    const at = place.get(cluster) ?? -1;
    parts[at] = (parts[at] ?? 0) + (part[i] ?? 0);
    wholes[at] = (wholes[at] ?? 0) + (of[i] ?? 0);
  }
  const over = (times: ArrayLike<number>): number => {
    let [sum, n] = [0, 0];
    for (let c = 0; c < times.length; c++) {
      sum += (times[c] as number) * (parts[c] as number);
      n += (times[c] as number) * (wholes[c] as number);
    }
    return sum / n;
  };
  return { value: over(new Uint8Array(place.size).fill(1)), draws: Float64Array.from(counts, over) };
}
