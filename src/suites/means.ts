import { zipStrict } from "../core/zip.ts";
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
  const own = zipStrict(Array.from(parts), Array.from(wholes));
  const over = (times: (c: number) => number): number => {
    let [sum, n] = [0, 0];
    for (const [c, [total, size]] of own.entries()) {
      sum += times(c) * total;
      n += times(c) * size;
    }
    return sum / n;
  };
  return { value: over(() => 1), draws: Float64Array.from(counts, (drawn) => over((c) => drawn[c] ?? 0)) };
}
