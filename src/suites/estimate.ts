import { pOver, spread } from "../stats/bootstrap.ts";
import { detectable as overSeeds, pairedTest } from "../stats/paired.ts";
import { type Interval, intervalOver } from "../stats/resample.ts";
import { tQuantile } from "../stats/student.ts";
import type { Measured } from "./draws.ts";

/**
 * A number as a table shows it. Of one seed the interval is a bootstrap's over users: it says how the score of this one
 * trained model would differ on other users. Of several seeds it is Student's t over seeds: how it would differ trained again.
 */
export interface Estimate extends Interval {
  readonly value: number;
}

/** {@link Estimate} of a difference; below 0 is worse where higher is better, and also where lower is ({@link differenceOf}). */
export interface Difference extends Estimate {
  /** Two-sided, of no difference; not corrected. */
  readonly p: number;
  /** Standard error. */
  readonly se: number | null;
}

/** A seed's statistic, and how many clusters (users) its draws are over. */
export interface OneSeed extends Measured {
  readonly clusters: number;
}

const mean = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call<ArrayLike<number>, [(a: number, b: number) => number, number], number>(
    values,
    (a, b) => a + b,
    0,
  ) / values.length;

export function estimateOf(seeds: readonly OneSeed[]): Estimate {
  const [only] = seeds;
  if (seeds.length === 1 && only !== undefined)
    return { value: only.value, ...intervalOver(only.clusters, Array.from(only.draws)) };
  return overT(seeds.map(({ value }) => value));
}

/** a − b, signed so that above 0 is better for a. Both have the same seeds, and the same draws on each. */
export function differenceOf(a: readonly OneSeed[], b: readonly OneSeed[], higherIsBetter: boolean): Difference {
  const sign = higherIsBetter ? 1 : -1;
  const differences = a.map((one, s): OneSeed => {
    const other = b[s] ?? one;
    return {
      value: sign * (one.value - other.value),
      draws: one.draws.map((value, r) => sign * (value - (other.draws[r] ?? Number.NaN))),
      clusters: one.clusters,
    };
  });
  return testOf(differences);
}

/** A difference that is computed already, seed by seed. */
export function testOf(differences: readonly OneSeed[]): Difference {
  const [only] = differences;
  if (differences.length === 1 && only !== undefined) {
    const draws = Array.from(only.draws);
    const se = spread(draws);
    return { ...estimateOf(differences), p: pOver(only.clusters, draws, only.value), se };
  }
  const values = differences.map(({ value }) => value);
  const { p, sd, n } = pairedTest(values, 0);
  return { ...overT(values), p, se: sd === null ? null : sd / Math.sqrt(n) };
}

function overT(values: readonly number[]): Estimate {
  const n = values.length;
  const value = mean(values);
  const sd = spread(values);
  const half = n < 2 || sd === null ? null : (tQuantile(0.975, n - 1) * sd) / Math.sqrt(n);
  return { value, low: half === null ? null : value - half, high: half === null ? null : value + half };
}

/**
 * The true difference that such a comparison, one of a family of m at 5%, finds in 80% of repetitions; null where nothing
 * tells how repetitions differ. Of one seed the users are the repetitions.
 */
export function detectableOf(
  { se }: Difference,
  { seeds, clusters, m }: { seeds: number; clusters: number; m: number },
): number | null {
  if (se === null) return null;
  const n = seeds > 1 ? seeds : clusters;
  return n < 2 ? null : overSeeds(se * Math.sqrt(n), n, m);
}
