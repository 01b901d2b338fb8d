import { TagprError } from "../core/errors.ts";
import { tQuantile, tTail } from "./student.ts";

/*
 * Claims about a method are claims about training it again: the seed (world, users, training) is the unit, one mean
 * difference a seed. The test is the paired t, with an exact sign-flip test beside it, which assumes symmetry alone.
 */

export interface PairedTest {
  /** Seeds. */
  readonly n: number;
  readonly mean: number;
  /** Of the differences over seeds, n − 1 in the denominator; null of a single one. */
  readonly sd: number | null;
  /** Two-sided, of "the mean is 0". 1 where nothing can be tested. */
  readonly p: number;
  /** The same by flipping signs ({@link signFlip}). */
  readonly pFlip: number | null;
  /** Of "the mean is further from 0 than the margin" (TOST, {@link equivalence}). */
  readonly pEquivalent: number;
  /** Seeds above 0, at 0 and below. */
  readonly signs: readonly [above: number, tied: number, below: number];
}

/** Tests of one mean difference a seed; `margin` bounds what counts as the same. */
export function pairedTest(differences: readonly number[], margin: number): PairedTest {
  if (differences.length === 0) throw new TagprError("internal", "a paired test of no differences");
  const { n, mean, sd } = momentsOf(differences);
  const count = (holds: (d: number) => boolean): number => differences.filter(holds).length;
  return {
    ...{ n, mean, sd },
    p: sd === null ? 1 : Math.min(1, 2 * tail(Math.abs(mean), sd, n)),
    pFlip: signFlip(differences),
    pEquivalent: equivalence(differences, margin),
    signs: [count((d) => d > 0), count((d) => d === 0), count((d) => d < 0)],
  };
}

/** P(T > distance / (sd / √n)) at n − 1 degrees of freedom; a spread of 0 leaves nothing to chance. */
function tail(distance: number, sd: number, n: number): number {
  if (sd === 0) return distance > 0 ? 0 : distance === 0 ? 0.5 : 1;
  return tTail((distance * Math.sqrt(n)) / sd, n - 1);
}

/**
 * Two one-sided tests (Schuirmann 1987): the larger p of "the mean is −margin or less" and "margin or more". Below the
 * level the two are the same within the margin.
 */
export function equivalence(differences: readonly number[], margin: number): number {
  const { n, mean, sd } = momentsOf(differences);
  if (sd === null) return 1;
  return Math.max(tail(mean + margin, sd, n), tail(margin - mean, sd, n));
}

/** Up to so many differences every one of the 2^n sign patterns is looked at. */
const MOST_FLIPPED = 20;

/** Exact two-sided sign-flip test of "symmetric around 0": the share of sign patterns whose sum is as far from 0; null of more than 20. */
export function signFlip(differences: readonly number[]): number | null {
  const n = differences.length;
  if (n > MOST_FLIPPED) return null;
  const sumOf = (pattern: number): number => differences.reduce((sum, d, i) => sum + ((pattern >> i) & 1 ? -d : d), 0);
  const seen = Math.abs(sumOf(0));
  // Sums of the same numbers in another order differ in their last digits.
  const slack = 1e-12 * differences.reduce((sum, d) => sum + Math.abs(d), 0);
  let far = 0;
  for (let pattern = 0; pattern < 2 ** n; pattern++) if (Math.abs(sumOf(pattern)) >= seen - slack) far++;
  return far / 2 ** n;
}

const LEVEL = 0.05;
const POWER = 0.8;

/**
 * The true difference that a two-sided paired t test at 5%, corrected for a family of m (Bonferroni's bound on Holm),
 * finds in 80% of such studies: (t[1 − .05/2m, n − 1] + t[.8, n − 1]) · sd / √n. Null of fewer than two seeds.
 */
export function detectable(sd: number | null, n: number, m: number): number | null {
  if (sd === null) return null;
  return ((tQuantile(1 - LEVEL / (2 * m), n - 1) + tQuantile(POWER, n - 1)) * sd) / Math.sqrt(n);
}

function momentsOf(values: readonly number[]): { n: number; mean: number; sd: number | null } {
  const n = values.length;
  // Equal values have no spread, whatever the rounding of their mean says.
  if (values.every((value) => value === values[0])) return { n, mean: values[0] ?? Number.NaN, sd: n < 2 ? null : 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  return { n, mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)) };
}
