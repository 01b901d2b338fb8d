import { TagprError } from "../core/errors.ts";

/** Bounds of the importance ratio: it is clipped to [1 − low, 1 + high]. */
export interface Clip {
  readonly low: number;
  readonly high: number;
}

/** One sequence under the current policy against the one that sampled it: its part of a clipped objective. */
export interface SequenceTerm {
  /** GSPO: s_i. GRPO: the mean of its tokens' ratios. */
  readonly ratio: number;
  /** J_i; the objective is the mean over the N sequences. */
  readonly objective: number;
  /** Share of its tokens on which each clip acts; under GSPO 0 or 1. */
  readonly clipped: { readonly low: number; readonly high: number };
  /** `gradient[t]` = dJ_i/d log π(y_it). */
  readonly gradient: readonly number[];
}

/** `logprobs` and `old` are per token of the response, in nats. */
export type Term = (logprobs: ArrayLike<number>, old: ArrayLike<number>, advantage: number, clip: Clip) => SequenceTerm;

/** Tokens of a sequence whose two lists of log-probs belong together. @throws TagprError */
export function lengthOf(loss: string, logprobs: ArrayLike<number>, old: ArrayLike<number>): number {
  const n = logprobs.length;
  if (n === 0 || n !== old.length)
    throw new TagprError("internal", `${loss}: ${n} log-probs against ${old.length} old ones`);
  return n;
}

/** min(r·A, clip(r)·A), and which clip acts, if any. */
export function clippedTerm(
  ratio: number,
  advantage: number,
  { low, high }: Clip,
): { readonly value: number; readonly clipped: "low" | "high" | null } {
  const bounded = Math.min(1 + high, Math.max(1 - low, ratio));
  const value = Math.min(ratio * advantage, bounded * advantage);
  return { value, clipped: value < ratio * advantage ? (ratio > 1 ? "high" : "low") : null };
}
