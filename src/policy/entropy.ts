/**
 * An entropy floor (the adaptive entropy control of Skywork-OR1, arXiv 2505.22312, with a constant coefficient): while
 * the policy's entropy on a mini-batch is under the floor, its increase is part of the objective.
 *
 *   H = mean over the sampled tokens of −log π(y_t);   while H < floor:   J += w·H
 *   dH/dθ = E[(−log π(y_t) − H) · ∇ log π(y_t)],   so that token t gets w·(−log π(y_t) − H)/M of M tokens
 *
 * Assumes that the tokens are the policy's own samples (temperature 1, top-p 1; on later mini-batches of a batch nearly
 * so), and takes each position's entropy alone: what a token does to the entropy of those after it is left out.
 */
export interface EntropyFloor {
  /** Nats a token; 0 = off. */
  readonly floor: number;
  readonly weight: number;
}

/** `added[i][t]` to dJ/d log π(y_it), summed over the mini-batch; null while the entropy is at the floor or above. */
export function entropyPush(
  logprobs: readonly ArrayLike<number>[],
  { floor, weight }: EntropyFloor,
): readonly (readonly number[])[] | null {
  const rows = logprobs.map((row) => Array.from(row));
  const all = rows.flat();
  const entropy = -all.reduce((sum, x) => sum + x, 0) / Math.max(1, all.length);
  if (entropy >= floor) return null;
  return rows.map((row) => row.map((x) => (weight * (-x - entropy)) / all.length));
}
