import { zipStrict } from "../core/zip.ts";
import type { Measured, Resamples } from "./draws.ts";

/** The mean of a number a query, on all queries and on the resamples of their clusters. */
export function meanOf(values: ArrayLike<number>, clusters: readonly string[], { place, counts }: Resamples): Measured {
  const [sums, sizes] = [new Float64Array(place.size), new Float64Array(place.size)];
  for (const [i, cluster] of clusters.entries()) {
    const at = place.get(cluster) ?? -1;
    sums[at] = (sums[at] ?? 0) + (values[i] ?? 0);
    sizes[at] = (sizes[at] ?? 0) + 1;
  }
  const own = zipStrict(Array.from(sums), Array.from(sizes));
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
