import { clippedTerm, lengthOf, type Term } from "./term.ts";

/**
 * Group Relative Policy Optimization (DeepSeekMath, arXiv 2402.03300, eq. 3 without its KL term, which is `kl` here), in
 * float64.
 *
 *   r_it = exp(log π(y_it) − log π_old(y_it))
 *   J_i  = 1/|y_i| · Σ_t min(r_it·A_i, clip(r_it, 1 − low, 1 + high)·A_i),   loss = −mean_i J_i
 *
 * Assumes that a token's ratio says enough of the sequence's: the clip acts on tokens, and 0.2 is its usual bound. The
 * mean is over each sequence's own tokens, as in the paper, so a long answer's token counts for less than a short one's.
 */
export const grpoTerm: Term = (logprobs, old, advantage, clip) => {
  const n = lengthOf("grpo", logprobs, old);
  const gradient: number[] = [];
  const sums = { ratio: 0, objective: 0, low: 0, high: 0 };
  for (let t = 0; t < n; t++) {
    const ratio = Math.exp((logprobs[t] as number) - (old[t] as number));
    const { value, clipped } = clippedTerm(ratio, advantage, clip);
    sums.ratio += ratio;
    sums.objective += value;
    if (clipped !== null) sums[clipped]++;
    gradient.push(clipped === null ? (ratio * advantage) / n : 0);
  }
  return {
    ratio: sums.ratio / n,
    objective: sums.objective / n,
    clipped: { low: sums.low / n, high: sums.high / n },
    gradient,
  };
};
