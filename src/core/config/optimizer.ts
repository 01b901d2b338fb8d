import { z } from "zod";

/* What every training loop's settings are made of. */

export const positive = z.int().positive();
export const count = z.int().nonnegative();
export const rate = z.number().positive();

export const keep = positive
  .default(2)
  .describe(
    "Checkpoints kept on disk (weights and optimizer), the newest among them; the best weights are kept apart.",
  );

export const optimizer = {
  learning_rate: rate,
  warmup_steps: count.default(0).describe("Steps of linear warm-up from 0."),
  schedule: z
    .enum(["constant", "linear", "cosine"])
    .default("constant")
    .describe("After warm-up: constant, or down to 0 at the last step."),
  beta1: z.number().min(0).max(1).default(0.9).describe("AdamW's decay of the mean gradient."),
  beta2: z.number().min(0).max(1).default(0.95).describe("AdamW's decay of the mean squared gradient."),
  eps: rate.default(1e-8).describe("AdamW's ε, beside the root in the denominator."),
  weight_decay: z.number().nonnegative().default(0).describe("AdamW's decoupled weight decay."),
  grad_clip_norm: z.number().nonnegative().default(1).describe("Largest gradient norm; 0 = off."),
};
