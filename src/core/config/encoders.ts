import { z } from "zod";
import { count, keep, optimizer, positive, rate } from "./optimizer.ts";
import { heldOut } from "./sections.ts";

/* Of the rivals that train a text encoder of their own. */

/** What the loops that train a text encoder have in common. */
const encoder = {
  ...optimizer,
  eval_every: positive.default(20).describe("Steps between looks at dev, whose loss chooses the weights."),
  checkpoint_every: positive.default(20).describe("Steps between checkpoints."),
  keep_checkpoints: keep,
};

export const pplug = z
  .strictObject({
    ...encoder,
    learning_rate: rate.default(1e-4).describe("Source: 1e-4."),
    weight_decay: z.number().nonnegative().default(1e-4).describe("Source: 1e-4."),
    batch: positive.default(64).describe("Answers a step (source: 64)."),
    epochs: z.number().positive().default(2).describe("Source: 2."),
    items: positive.default(512).describe("Newest items of the history that the soft token is made of (source: 512)."),
    augment: count
      .default(10)
      .describe("Copies of a training query with a random part of its history left out (source: 10); 0 = none."),
  })
  .describe(
    "PPlug, for `eval.methods: [pplug, pplug-labels]`: a trainable text encoder (`engines.embeddings_model`) and a projector, which make a soft token of the whole history for a base model that stays as it is (Liu et al. 2024).",
  );

/** What the loops that train a scorer of texts have in common. */
const scorer = {
  ...optimizer,
  checkpoint_every: positive.default(20).describe("Steps between checkpoints."),
  keep_checkpoints: keep,
  encoder: z
    .string()
    .default("")
    .describe("Text encoder, on the embeddings' engine; empty = `engines.embeddings_model`."),
  head_rate: rate
    .default(10)
    .describe(
      "Learning rate of the heads, as a multiple of the encoder's: a head is seen by its own user's texts alone (ours).",
    ),
};

export const hydra = z
  .strictObject({
    ...scorer,
    learning_rate: rate.default(2e-5).describe("Source: 2e-5."),
    weight_decay: z.number().nonnegative().default(0.01).describe("Source: 0.01."),
    batch: positive.default(64).describe("Candidates a step (source: 64)."),
    epochs: z.number().positive().default(2).describe("Source: 2."),
    users: positive.default(100).describe("Training users with a head of their own (source: 100)."),
    own: count
      .default(4)
      .describe(
        "Newest items of a test user's history that are asked as queries, for the user's own head (ours); 0 = nobody gets one.",
      ),
    own_epochs: z.number().positive().default(4).describe("Passes over a test user's own candidates (ours)."),
    max_tokens: positive.default(64).describe("Candidate cut-off (source: 64)."),
  })
  .describe(
    "HYDRA-Adapter, for `eval.methods: [hydra-adapter]`: a scorer with a head a user chooses among 8 answers of the base model, which stays as it is (Zhuang et al. 2024). Source of the encoder: Longformer-base-4096.",
  );

export const prlm = z
  .strictObject({
    ...scorer,
    learning_rate: rate.default(5e-5).describe("Source: 5e-5."),
    batch: positive.default(64).describe("Pairs a step (source: 64)."),
    epochs: z.number().positive().default(3).describe("Source: 3."),
    pairs: positive.default(5000).describe("Pairs at most (source: about 5k a task)."),
    rollouts: positive.default(4).describe("Answers a query with the profile, and as many without (ours)."),
    held_out: heldOut.describe("Share of pairs held out (source: 0.1)."),
    max_tokens: positive.default(512).describe("Response cut-off when sampling pairs."),
  })
  .describe(
    "PrLM's contrastive reward model, for `eval.methods: [prlm, prlm-sft]`; the RL itself has the settings of `guided`, and the passes of `guided` and `explore` together (arXiv 2508.07342). Source of the encoder: bert-base-uncased.",
  );
