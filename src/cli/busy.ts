import { availableParallelism, cpus, loadavg } from "node:os";

/**
 * Words for a machine that computes for others too, or null; by the load of the last minute, the mean number of
 * processes that want a core, of which `own` are ours. Windows tells no load, so nothing is said there.
 */
export function busyText(own: number, load = loadavg()[0] ?? 0, cores = availableParallelism()): string | null {
  const others = load - own;
  return others < 0.75 + cores / 4 ? null : `machine busy: load ${load.toFixed(1)} on ${cores} cores`;
}

/**
 * Cores that compute while `pause` lasts, by the processors' own counters: the load of the last minute would tell of what
 * has just ended, a set-up say.
 */
export async function busyCores(pause: () => Promise<void>, read: () => Times[] = readTimes): Promise<number> {
  const before = read();
  await pause();
  return read().reduce((sum, { idle, all }, i) => {
    const passed = all - (before[i]?.all ?? 0);
    return passed > 0 ? sum + 1 - (idle - (before[i]?.idle ?? 0)) / passed : sum;
  }, 0);
}

/** Milliseconds of a core since the system started: those without work, and all. */
interface Times {
  readonly idle: number;
  readonly all: number;
}

const readTimes = (): Times[] =>
  cpus().map(({ times }) => ({ idle: times.idle, all: Object.values(times).reduce((a, b) => a + b, 0) }));
