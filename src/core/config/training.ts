import { z } from "zod";
import { heldOut } from "./sections.ts";

const positive = z.int().positive();
const count = z.int().nonnegative();
const rate = z.number().positive();

const keep = positive
  .default(2)
  .describe(
    "Checkpoints kept on disk (weights and optimizer), the newest among them; the best weights are kept apart.",
  );

const optimizer = {
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

/** What every loop of supervised fine-tuning has in common. */
const supervised = {
  ...optimizer,
  learning_rate: rate.default(1e-5).describe("Paper: 1e-5."),
  batch: positive.default(64).describe("Completions a step (paper: 64)."),
  epochs: positive.default(2).describe("Paper: 2."),
  eval_every: positive.default(10).describe("Steps between looks at the held-out completions."),
  checkpoint_every: positive.default(20).describe("Steps between checkpoints."),
  keep_checkpoints: keep,
  dev_every: count
    .default(0)
    .describe(
      "Steps between greedy dev scores; 0 = only at the end. Where it is on, the best dev score is kept, else the lowest held-out loss.",
    ),
  patience: count.default(0).describe("Stop after this many looks without improvement; 0 = never."),
  rank: count.default(0).describe("LoRA rank; 0 = all parameters."),
  max_tokens: positive.default(4096).describe("Longest prompt + completion; longer ones are left out and counted."),
};

export const sft = z
  .strictObject({
    ...supervised,
    form: z
      .enum(["tagged", "untagged", "gold"])
      .default("tagged")
      .describe(
        "What is learnt: tagged chains (the paper's SFT-R), the same chains without their tags (ours), or the true answer at once, " +
          "asked without reasoning (the paper's SFT; RL can't start from it, and `eval.methods: [sft-gold]` has it beside the chains). On one task's data it is SFT-Ind(-R).",
      ),
    max_chains: count
      .default(0)
      .describe(
        "Training chains at most, whole queries drawn at random; 0 = all. How much SFT needs is measured with it.",
      ),
  })
  .describe("Foundational SFT (paper section 3.4).");

export const gold = z
  .strictObject(supervised)
  .describe(
    "SFT on the true answers alone, asked to answer at once, for `eval.methods: [sft-gold]`: the labels of the queries that chains and RL have, no chain of them (ours).",
  );

export const rejection = z
  .strictObject(supervised)
  .describe(
    "Rejection-sampling SFT, for `eval.methods: [sft-rejection]`: as many responses to RL's queries as RL samples, from the SFT model; it goes on learning from those that are right (Yuan et al. 2023, RFT; ours here).",
  );

export const rewards = z
  .strictObject({
    verifiable: z.number().nonnegative().default(1).describe("Weight of the answer's score against the gold."),
    format: z.number().nonnegative().default(0.1).describe("Weight of the form: reasoning, then an answer."),
    repetition: z.number().nonnegative().default(0.1).describe("Weight of the penalty for repeated n-grams."),
    tag: z.number().nonnegative().default(0.1).describe("Weight of the tags' checks; guided RL only."),
    personalization: z.number().nonnegative().default(0.2).describe("Weight of PRMU's verdict; guided RL only."),
    ngram: positive.default(4).describe("n of the repetition reward (paper: 4)."),
    min_tags: positive.default(3).describe("Least number of non-empty steps (paper: 3)."),
    graded_tags: z.boolean().default(false).describe("Tag reward −1/3 a failed check in place of −1 for any."),
    raw_personalization: z
      .boolean()
      .default(false)
      .describe("Plain sigmoid of the PRMU logit, without centring and scaling."),
  })
  .describe(
    "Weights of the five signals (paper eq. 5; the paper's weights are lost, these are ours) and their constants.",
  );

export const prmu = z
  .strictObject({
    ...optimizer,
    learning_rate: rate.default(1e-5).describe("Peak, after warm-up (ours)."),
    variant: z
      .enum(["full", "no_user_embeddings", "untrained", "none"])
      .default("full")
      .describe("The four rows of the paper's Table 3."),
    model: z
      .string()
      .default("")
      .describe("Backbone; empty = the run's base model with a fresh head. Paper: Skywork-Reward-V2-Qwen3-0.6B."),
    rollouts: positive.default(4).describe("Responses sampled a query with the profile, and as many without."),
    prp_against: z
      .enum(["no_profile", "other_profile"])
      .default("no_profile")
      .describe(
        "What PRP's rejected side is written with: no profile (paper), or another user's (ours, the ablation `PRP-swap`).",
      ),
    prp_pairs: positive.default(10_000).describe("Profile-Reasoning Preference pairs at most (paper: 10k)."),
    pqp_pairs: positive.default(10_000).describe("Personalized-Quality Preference pairs at most (paper: 10k)."),
    pairs_per_query: positive.default(4).describe("Pairs of each kind a query at most."),
    min_gap: z
      .number()
      .nonnegative()
      .default(0.1)
      .describe("Least difference of score between the sides of a PQP pair."),
    mask_users: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe("Share of pairs whose user is masked to the unknown row 0 in training (ours)."),
    warm_start: count
      .default(0)
      .describe(
        "A user without a row is scored with the row of the trained user whose items are most like the last so many of theirs (ours); " +
          "0 = with the unknown row.",
      ),
    held_out: heldOut.describe(
      "Share of users whose pairs are held out, and half that share of all other users' queries (where users are unknown, this share of queries).",
    ),
    batch: positive.default(64).describe("Pairs a step."),
    epochs: positive.default(1).describe("Passes over the pairs."),
    checkpoint_every: positive.default(20).describe("Steps between checkpoints."),
    keep_checkpoints: keep,
    max_tokens: positive.default(512).describe("Response cut-off when sampling pairs."),
  })
  .describe("The reward model with user embeddings (paper section 3.3).");

const rl = {
  ...optimizer,
  learning_rate: rate.default(1e-6).describe("Paper: 1e-6."),
  epochs: z.number().nonnegative().describe("Passes over the RL queries; fractions are allowed."),
  batch: positive.default(128).describe("Prompts a step (paper: global batch 128, read as prompts)."),
  rollouts: positive.default(5).describe("Responses a prompt (paper: 5)."),
  updates: positive
    .default(4)
    .describe("Mini-batches a batch, one optimizer step each (GSPO's recipe); with 1 the clip never acts."),
  clip_low: rate.default(3e-4).describe("Paper: 0.0003."),
  clip_high: rate.default(4e-4).describe("Paper: 0.0004."),
  advantage_delta: rate.default(1e-6).describe("δ in A = (r − mean)/(std + δ); 0.05 in small runs (ours)."),
  temperature: z.number().positive().default(1).describe("Of sampling (paper: 1)."),
  top_p: z.number().min(0).max(1).default(1).describe("Of sampling (paper: 1)."),
  max_tokens: positive
    .default(2048)
    .describe("Response cut-off; truncated responses are counted and get verifiable and format reward 0."),
  validate_every: count
    .default(20)
    .describe("Batches between greedy looks at the dev slice; 0 = never. The best is kept."),
  checkpoint_every: positive.default(10).describe("Batches between checkpoints."),
  keep_checkpoints: keep,
  reset_optimizer: z
    .boolean()
    .default(true)
    .describe(
      "Start from the best weights of the stage before, with fresh optimizer moments; false: go on from its last weights and their moments. SFT's are never kept.",
    ),
  rank: count.default(0).describe("LoRA rank; 0 = all parameters."),
  native_gspo: z
    .boolean()
    .default(true)
    .describe(
      "Use the engine's own `gspo` loss where it has one, else `importance_sampling` with gradients computed here.",
    ),
};

export const guided = z
  .strictObject({
    ...rl,
    from: z
      .enum(["sft", "base"])
      .default("sft")
      .describe(
        "Whose weights RL starts from; `base` is the paper's ablation w/o SFT (pairs still come from the SFT model).",
      ),
    epochs: rl.epochs.default(13).describe("Paper: 13."),
  })
  .describe("Guided RL with all five signals (paper section 3.4).");
export const exploratory = z
  .strictObject({ ...rl, epochs: rl.epochs.default(2).describe("Paper: 2.") })
  .describe("Exploratory RL with the foundation signals: verifiable, format, repetition (paper eq. 11).");
