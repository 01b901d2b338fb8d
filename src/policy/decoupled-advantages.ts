import { populationStd } from "../core/mean.ts";
import { zipStrict } from "../core/zip.ts";
import { groupAdvantages } from "./group-advantages.ts";

/** One signal over the roll-outs of one prompt, and its weight. */
export interface WeighedSignal {
  readonly weight: number;
  readonly values: readonly number[];
}

/**
 * GDPO, group reward-decoupled normalization (arXiv 2601.05242; `normalize_then_sum` in TRL, trl#4841): each signal is
 * normalized in its group by itself, then they are weighed and summed, then the sums are scaled over the whole batch.
 *
 *   S_gk = Σ_j w_j · (r_jgk − mean_g r_j)/(std_g r_j + δ),   A = S/(std over the batch of S + δ)
 *
 * Group means of S are 0, so the batch's is. Assumes that every signal's *order* within a group deserves its weight: a
 * signal that is noise in a group counts there with all of its weight, which is why this is never a default.
 */
export function decoupledAdvantages(groups: readonly (readonly WeighedSignal[])[], delta: number): number[][] {
  const sums = groups.map((signals) =>
    signals.map(({ weight, values }) => groupAdvantages(values, delta).map((a) => weight * a)).reduce(added),
  );
  const scale = populationStd(sums.flat()) + delta;
  return sums.map((own) => own.map((a) => a / scale));
}

const added = (a: readonly number[], b: readonly number[]): number[] => zipStrict(a, b).map(([x, y]) => x + y);
