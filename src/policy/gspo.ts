import { clippedTerm, lengthOf, type Term } from "./term.ts";

/**
 * Group Sequence Policy Optimization (arXiv 2507.18071; the paper's eq. 10), in float64.
 *
 *   s_i = exp(1/|y_i| · Σ_t (log π(y_it) − log π_old(y_it)))
 *   J_i = min(s_i·A_i, clip(s_i, 1 − low, 1 + high)·A_i),   loss = −mean_i J_i
 *
 * Assumes one advantage a sequence. Its ratio is a mean over tokens, so the bounds are far narrower than GRPO's
 * (0.0003 and 0.0004 in the paper).
 */
export const gspoTerm: Term = (logprobs, old, advantage, clip) => {
  const n = lengthOf("gspo", logprobs, old);
  let sum = 0;
  for (let t = 0; t < n; t++) sum += (logprobs[t] as number) - (old[t] as number);
  const ratio = Math.exp(sum / n);
  const { value, clipped } = clippedTerm(ratio, advantage, clip);
  const slope = clipped === null ? (ratio * advantage) / n : 0;
  return {
    ratio,
    objective: value,
    clipped: { low: clipped === "low" ? 1 : 0, high: clipped === "high" ? 1 : 0 },
    gradient: Array.from({ length: n }, () => slope),
  };
};
