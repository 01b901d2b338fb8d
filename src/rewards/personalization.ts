/** How PRMU's logits are laid before the sigmoid, measured on held-out responses. */
export interface Centre {
  /** Mean logit of held-out responses. */
  readonly mean: number;
  /** Root mean square of the held-out pairs' margins; above 0. */
  readonly spread: number;
}

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/**
 * Personalization reward (paper eq. 3), in [0, 1]: sigmoid((logit − mean)/spread). Bradley–Terry leaves the logit's
 * offset free, so the plain sigmoid (centre null: the paper's reading) can saturate. 0 unless the format passes, and
 * where there is no logit.
 */
export function personalizationReward(logit: number | null, formatOk: boolean, centre: Centre | null): number {
  if (logit === null || !formatOk) return 0;
  return centre === null ? sigmoid(logit) : sigmoid((logit - centre.mean) / centre.spread);
}
