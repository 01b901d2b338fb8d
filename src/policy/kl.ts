import { zipStrict } from "../core/zip.ts";

/**
 * Kullback–Leibler divergence to the policy that the stage started from, estimated on sampled tokens (Schulman 2020,
 * "Approximating KL divergence"; http://joschu.net/blog/kl-approx.html). With d = log π(y_t) − log π_start(y_t):
 *
 *   k1 = d             unbiased; may be negative
 *   k2 = d²/2          biased; as a loss its gradient is that of the KL (arXiv 2510.01555)
 *   k3 = e^(−d) − 1 + d   unbiased, never negative (GRPO's own, arXiv 2402.03300, eq. 4)
 *
 * In the *reward* the estimate is summed over a response's tokens and taken off its reward before the advantages, with the
 * sampler's log-probs: with k1 that is the exact penalty β·KL. In the *loss* it is the mean over a response's tokens, then
 * over the N responses, with the current log-probs. There k1 is refused: its gradient is ∇ log π, whose mean is 0. k3's
 * gradient there is on average that of the divergence the other way round, KL(start‖π) (arXiv 2506.09477).
 *
 * Assumes that tokens are sampled at temperature 1 and top-p 1: else the expectation is over another policy than π.
 */
export type Estimator = "k1" | "k2" | "k3";

const VALUE: Readonly<Record<Estimator, (d: number) => number>> = {
  k1: (d) => d,
  k2: (d) => (d * d) / 2,
  k3: (d) => Math.expm1(-d) + d,
};

/** By log π(y_t). */
const SLOPE: Readonly<Record<Estimator, (d: number) => number>> = {
  k1: () => 1,
  k2: (d) => d,
  k3: (d) => -Math.expm1(-d),
};

/** The estimate of each token, in nats. */
export const klOf = (logprobs: ArrayLike<number>, start: ArrayLike<number>, estimator: Estimator): number[] =>
  gaps(logprobs, start).map(VALUE[estimator]);

/** Its derivative by each token's log-prob. */
export const klSlope = (logprobs: ArrayLike<number>, start: ArrayLike<number>, estimator: Estimator): number[] =>
  gaps(logprobs, start).map(SLOPE[estimator]);

const gaps = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  zipStrict(Array.from(a), Array.from(b)).map(([x, y]) => x - y);
