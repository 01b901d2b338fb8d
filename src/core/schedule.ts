/** The part of a stage's config that says how fast it learns. */
export interface Schedule {
  readonly learning_rate: number;
  readonly warmup_steps: number;
  readonly schedule: "constant" | "linear" | "cosine";
}

/**
 * Learning rate of optimizer step `step` (from 0) of `total`. Warm-up is linear and reaches the full rate at step
 * `warmup_steps`; its first step is not 0, so that no step is wasted. Linear and cosine end at 0 after the last step.
 */
export function learningRate(config: Schedule, step: number, total: number): number {
  const { learning_rate: peak, warmup_steps: warmup } = config;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (config.schedule === "constant") return peak;
  const done = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
  return config.schedule === "linear" ? peak * (1 - done) : (peak * (1 + Math.cos(Math.PI * done))) / 2;
}
