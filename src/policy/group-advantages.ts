import { mean, populationStd } from "../core/mean.ts";

/**
 * Advantages within the roll-outs of one prompt (GRPO, arXiv 2402.03300, section 4.1.2; kept by GSPO and by the paper):
 *
 *   A_k = (r_k − mean)/(std + δ),   std over the group's population
 *
 * All 0 in a group without spread. Assumes that the weighted sum is the reward meant: a signal that hardly varies beside
 * another hardly counts.
 */
export function groupAdvantages(rewards: readonly number[], delta: number): number[] {
  if (!hasSpread(rewards)) return rewards.map(() => 0);
  const middle = mean(rewards);
  const std = populationStd(rewards);
  return rewards.map((r) => (r - middle) / (std + delta));
}

/** Whether a group gives any gradient: not all values are the same. */
export const hasSpread = (values: readonly number[]): boolean => values.some((v) => v !== values[0]);
