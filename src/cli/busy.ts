import { availableParallelism, loadavg } from "node:os";

/**
 * Words for a machine that computes for others too, or null; by the load of the last minute, the mean number of
 * processes that want a core, of which `own` are ours. Windows tells no load, so nothing is said there.
 */
export function busyText(own: number, load = loadavg()[0] ?? 0, cores = availableParallelism()): string | null {
  const others = load - own;
  return others < 0.75 + cores / 4 ? null : `machine busy: load ${load.toFixed(1)} on ${cores} cores`;
}
