import { TagprError } from "../core/errors.ts";

/**
 * Group Sequence Policy Optimization (Zheng et al. 2025; paper eq. 10), in float64.
 *
 *   s_i = exp(1/|y_i| · Σ_t (log π(y_it) − log π_old(y_it)))
 *   J   = 1/N · Σ_i min(s_i·A_i, clip(s_i, 1 − low, 1 + high)·A_i),   loss = −J
 */
export interface Clip {
  /** Below 1: 0.0003 in the paper. */
  readonly low: number;
  /** Above 1: 0.0004 in the paper. */
  readonly high: number;
}

/**
 * A_k = (r_k − mean)/(std + δ), std over the group's population. All 0 in a group without spread.
 * `rewards` are those of one prompt's roll-outs.
 */
export function groupAdvantages(rewards: readonly number[], delta: number): number[] {
  if (!hasSpread(rewards)) return rewards.map(() => 0);
  const mean = average(rewards);
  const std = Math.sqrt(average(rewards.map((r) => (r - mean) ** 2)));
  return rewards.map((r) => (r - mean) / (std + delta));
}

/** Whether a group gives any gradient: not all values are the same. */
export const hasSpread = (values: readonly number[]): boolean => values.some((v) => v !== values[0]);

/** One sequence under the current policy against the one that sampled it. */
export interface SequenceTerm {
  /** s_i */
  readonly ratio: number;
  /** min(s·A, clip(s)·A); the objective is its mean over the N sequences. */
  readonly objective: number;
  /** Which clip acts on it, if any. */
  readonly clipped: "low" | "high" | null;
  /** dJ_i/d log π(y_it), the same for every token: s·A/|y|, or 0 where the clip acts. */
  readonly gradient: number;
}

/** `logprobs` and `old` are per token of the response, in nats. */
export function sequenceTerm(
  logprobs: ArrayLike<number>,
  old: ArrayLike<number>,
  advantage: number,
  clip: Clip,
): SequenceTerm {
  const n = logprobs.length;
  if (n === 0 || n !== old.length)
    throw new TagprError("internal", `gspo: ${n} log-probs against ${old.length} old ones`);
  let sum = 0;
  for (let t = 0; t < n; t++) sum += (logprobs[t] as number) - (old[t] as number);
  const ratio = Math.exp(sum / n);
  const bounded = Math.min(1 + clip.high, Math.max(1 - clip.low, ratio));
  const objective = Math.min(ratio * advantage, bounded * advantage);
  const clipped = objective < ratio * advantage ? (ratio > 1 ? "high" : "low") : null;
  return { ratio, objective, clipped, gradient: clipped === null ? (ratio * advantage) / n : 0 };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
