import type { OneSeed } from "./estimate.ts";

/** One column of both methods, on the same resamples. */
export interface GainColumn {
  readonly own: OneSeed;
  readonly base: OneSeed;
  readonly higherIsBetter: boolean;
}

/** Relative gain over a base: .2 is 20% better; of errors 20% less. */
export const relativeGain = (own: number, base: number, higherIsBetter: boolean): number =>
  (higherIsBetter ? own - base : base - own) / base;

/** Share of resamples without a gain from which on no interval is told. */
const LOST = 0.05;

/**
 * Mean of the relative gains over columns, the paper's "average improvement", with its resamples; null where a base is 0.
 * Resamples in which a base is 0 have no gain and are left out; where that are more than one in twenty there are none left
 * to make an interval of.
 */
export function averageGain(columns: readonly GainColumn[]): OneSeed | null {
  const [first] = columns;
  if (first === undefined || columns.some(({ base }) => base.value === 0)) return null;
  const over = (of: (column: GainColumn) => number): number =>
    columns.reduce((sum, column) => sum + of(column), 0) / columns.length;
  const all = first.own.draws.map((_, r) =>
    over(({ own, base, higherIsBetter }) =>
      relativeGain(own.draws[r] ?? Number.NaN, base.draws[r] ?? Number.NaN, higherIsBetter),
    ),
  );
  const draws = all.filter(Number.isFinite);
  return {
    value: over(({ own, base, higherIsBetter }) => relativeGain(own.value, base.value, higherIsBetter)),
    draws: draws.length < (1 - LOST) * all.length ? new Float64Array() : draws,
    clusters: Math.max(...columns.map(({ own }) => own.clusters)),
  };
}
