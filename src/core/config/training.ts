import { z } from "zod";
import { count, keep, optimizer, positive, rate } from "./optimizer.ts";
import { address, heldOut, variable } from "./sections.ts";

/** What every loop of supervised fine-tuning has in common. */
const supervised = {
  ...optimizer,
  learning_rate: rate.default(1e-5).describe("Paper: 1e-5."),
  batch: positive.default(64).describe("Completions a step (paper: 64)."),
  epochs: positive.default(2).describe("Paper: 2."),
  least_steps: count
    .default(0)
    .describe("Few completions are passed over more often, up to so many steps (ours); 0 = never."),
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
          "asked without reasoning (the paper's SFT; RL can't start from it, and `eval.methods: [sft]` has it beside the chains). On one task's data it is SFT-Ind(-R).",
      ),
    max_chains: count
      .default(0)
      .describe(
        "Training chains at most, whole queries drawn at random; 0 = all. How much SFT needs is measured with it.",
      ),
    small: z
      .strictObject({
        under: count.default(0).describe("Fewer training chains than this are a small set; 0 = none is."),
        rank: positive.default(16).describe("LoRA rank in place of `sft.rank`."),
        learning_rate: rate
          .default(1.5e-3)
          .describe(
            "In place of `sft.learning_rate`: adapters take a larger one (docs/findings.md has what 5e-4 did).",
          ),
      })
      .prefault({})
      .describe(
        "What SFT does otherwise where there are few chains (ours): adapters, which can't forget as much. RL with `rank: 0` goes on from them merged, in full (embedded engine).",
      ),
  })
  .describe("Foundational SFT (paper section 3.4).");

export const gold = z
  .strictObject(supervised)
  .describe(
    "SFT on the true answers alone, asked to answer at once, for `eval.methods: [sft, sft-full, sft-ind]`: the labels of the queries that chains and RL have, no chain of them (ours).",
  );

export const rejection = z
  .strictObject(supervised)
  .describe(
    "Rejection-sampling SFT, for `eval.methods: [sft-rejection]`: as many responses to RL's queries as RL samples, from the SFT model; it goes on learning from those that are right (Yuan et al. 2023, RFT; ours here).",
  );

const weight = z.number().nonnegative();

/** Signals of one's own, by name; where weights are overridden a name that `rewards.own` does not have is refused (`run/reward-faults.ts`). */
const ownWeights = z.record(z.string(), weight).default({}).describe("Weights of signals of one's own, by name.");

/** Weights in place of others; what is left out stays. */
const overrides = {
  verifiable: weight.optional().describe("In place of `rewards.verifiable`."),
  format: weight.optional().describe("In place of `rewards.format`."),
  repetition: weight.optional().describe("In place of `rewards.repetition`."),
  tag: weight.optional().describe("In place of `rewards.tag`."),
  personalization: weight.optional().describe("In place of `rewards.personalization`."),
  grounding: weight.optional().describe("In place of `rewards.grounding`."),
  own: ownWeights,
};

const ofTasks = z
  .record(z.string(), z.strictObject(overrides))
  .default({})
  .describe("Weights of single tasks, by name: `{LaMP_4: {personalization: 0.5}}`.");

const stageRewards = z
  .strictObject({ ...overrides, of: ofTasks })
  .prefault({})
  .describe("Weights of this stage, in place of those of `rewards`; what is left out stays.");

/** What names of signals of one's own may not be: the paper's, and words of the logs. */
const TAKEN = ["verifiable", "format", "repetition", "tag", "personalization", "grounding", "kl", "total", "std"];

const ownSignal = z
  .strictObject({
    weight: weight
      .default(1)
      .describe("Weight in guided RL; in exploratory RL it has the one that `explore.rewards.own` says, else 0."),
    module: z
      .string()
      .default("")
      .describe(
        "Path of a TypeScript or JavaScript module whose `default` (or `score`) is a function of a list of responses.",
      ),
    url: address.describe("Base address of a scorer: responses go to `url/score` by POST, scores come back."),
    key_env: z
      .union([z.literal(""), variable])
      .default("")
      .describe("Environment variable with the scorer's key, sent as a bearer token; never logged."),
    batch: positive.default(64).describe("Responses a call."),
    concurrency: positive.default(4).describe("Calls in flight, of a scorer at `url`."),
    timeout_seconds: z.number().positive().default(60).describe("Of one call; a call to a scorer is made again."),
    version: z
      .string()
      .default("")
      .describe(
        "Any text; another one makes kept scores void: for a scorer at `url`, or a module's imports, that changed.",
      ),
  })
  .refine(({ module, url }) => (module === "") !== (url === ""), "a signal needs either `module` or `url`");

export const rewards = z
  .strictObject({
    verifiable: weight.default(1).describe("Weight of the answer's score against the gold."),
    format: weight.default(0.1).describe("Weight of the form: reasoning, then an answer."),
    repetition: weight.default(0.1).describe("Weight of the penalty for repeated n-grams."),
    tag: weight.default(0.1).describe("Weight of the tags' checks; guided RL only."),
    personalization: weight.default(0.2).describe("Weight of PRMU's verdict; guided RL only."),
    grounding: weight
      .default(0)
      .describe(
        "Weight of truth (ours, in both stages): the share of a chain's statements about the items that are true, 0 where the one that the answer rests on is false or there is none.",
      ),
    ngram: positive.default(4).describe("n of the repetition reward (paper: 4)."),
    min_tags: positive.default(3).describe("Least number of non-empty steps (paper: 3)."),
    graded_tags: z.boolean().default(false).describe("Tag reward −1/3 a failed check in place of −1 for any."),
    raw_personalization: z
      .boolean()
      .default(false)
      .describe("Plain sigmoid of the PRMU logit (paper eq. 3), without centring and scaling."),
    of: ofTasks,
    own: z
      .record(z.string().regex(/^[a-z][a-z0-9_]*$/, "a name of small letters, digits and _"), ownSignal)
      .refine((own) => Object.keys(own).every((name) => !TAKEN.includes(name)), {
        message: `a name that TagPR has itself: ${TAKEN.join(", ")}`,
      })
      .default({})
      .describe("Signals of one's own, by name, beside the paper's five (docs/reinforcement.md)."),
  })
  .describe(
    "Weights of the five signals (paper eq. 5; the paper's weights are lost, these are ours) and of a sixth, and their constants.",
  );

export const prmu = z
  .strictObject({
    ...optimizer,
    learning_rate: rate.default(1e-5).describe("Peak, after warm-up (ours)."),
    variant: z
      .enum(["full", "no_user_embeddings", "untrained", "none", "general", "oracle-prompt", "oracle-user", "placebo"])
      .default("full")
      .describe(
        "The four rows of the paper's Table 3 (`untrained`: the backbone with its own head, which without one of its own is random); `general`: trained on pairs without profiles, as an off-the-shelf reward model is (ours). " +
          "In the synthetic world, in place of a model: `oracle-prompt` knows the population and sees the prompt, `oracle-user` knows the user, `placebo` has the former's scores in random order.",
      ),
    model: z
      .string()
      .default("")
      .describe(
        "Backbone; empty = the run's base model with a fresh head, `sft` = the run's SFT model with one (both on the embedded engine). Paper: Skywork-Reward-V2-Qwen3-0.6B.",
      ),
    rank: count
      .default(0)
      .describe("LoRA rank of the backbone, whose head and rows are trained in full; 0 = all parameters."),
    rollouts: positive.default(4).describe("Responses sampled a query with the profile, and as many without."),
    prp_against: z
      .enum(["no_profile", "other_profile"])
      .default("no_profile")
      .describe(
        "What PRP's rejected side is written with: no profile (paper), or another user's (ours, the ablation `PRP-swap`).",
      ),
    prp_pairs: positive.default(10_000).describe("Profile-Reasoning Preference pairs at most (paper: 10k)."),
    pqp_pairs: positive.default(10_000).describe("Personalized-Quality Preference pairs at most (paper: 10k)."),
    kinds: z
      .array(z.enum(["PRP", "PQP"]))
      .min(1)
      .default(["PRP", "PQP"])
      .describe("What is trained on; held-out pairs are of both kinds in any case."),
    filter_pairs: z
      .boolean()
      .default(true)
      .describe(
        "Only pairs whose sides both pass the format reward, both or neither with a clean chain, and PRP only where the preferred side says something of the history (ours).",
      ),
    weigh_by: z
      .enum(["nothing", "length", "history"])
      .default("nothing")
      .describe(
        "Weighs training pairs so that longer (or more often mentioning) responses are not preferred more often than others of like difference (ours); `nothing`: pairs as they come.",
      ),
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
    row_spread: z
      .number()
      .nonnegative()
      .default(0.1)
      .describe(
        "How far users' rows start from the unknown one, in deviations of the backbone's embeddings (ours); 0 = all equal.",
      ),
    row_rate: rate
      .default(10)
      .describe(
        "Learning rate of the users' rows, as a multiple of the backbone's: a row is seen by its own user's pairs alone (ours).",
      ),
    centre_on: z
      .enum(["responses", "pairs"])
      .default("responses")
      .describe(
        "What the logits' mean and spread are taken of: held-out responses with the profile, as RL scores and compares them, or the held-out pairs, PRP's among them.",
      ),
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
  .refine(({ model, rank }) => model !== "sft" || rank === 0, {
    message: "a reward model that begins as the SFT model is trained in full: rank must be 0",
    path: ["rank"],
  })
  .describe("The reward model with user embeddings (paper section 3.3).");

const rl = {
  ...optimizer,
  rewards: stageRewards,
  learning_rate: rate.default(1e-6).describe("Paper: 1e-6."),
  epochs: z.number().nonnegative().describe("Passes over the RL queries; fractions are allowed."),
  batch: positive.default(128).describe("Prompts a step (paper: global batch 128, read as prompts)."),
  rollouts: positive.default(5).describe("Responses a prompt (paper: 5)."),
  updates: positive
    .default(4)
    .describe("Mini-batches a batch, one optimizer step each (GSPO's recipe); with 1 the clip never acts."),
  loss: z
    .enum(["gspo", "grpo"])
    .default("gspo")
    .describe(
      "The clipped objective: `gspo` has one ratio a sequence (paper), `grpo` one a token, with bounds of its own (0.2).",
    ),
  clip_low: rate.default(3e-4).describe("Paper: 0.0003."),
  clip_high: rate.default(4e-4).describe("Paper: 0.0004."),
  advantages: z
    .enum(["group", "decoupled"])
    .default("group")
    .describe(
      "`group`: the weighted reward is normalized over a prompt's responses (paper); `decoupled`: each signal by itself, then the sum over the batch (GDPO).",
    ),
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
      "Use the engine's own loss where it has one, else `importance_sampling` with gradients computed here (always so with `kl` in the loss or an entropy floor).",
    ),
  kl: z
    .strictObject({
      weight: z.number().nonnegative().default(0).describe("β; 0 = off (paper: no KL term)."),
      estimator: z
        .enum(["k1", "k2", "k3"])
        .default("k3")
        .describe("Of a token's log π − log π_start = d: `k1` d, `k2` d²/2, `k3` exp(−d) − 1 + d."),
      in: z
        .enum(["loss", "reward"])
        .default("loss")
        .describe(
          "`loss`: mean over each response's tokens, with its gradient (not for `k1`, whose gradient has mean 0); `reward`: summed over the tokens and taken off the reward, as a signal of its own.",
        ),
    })
    .refine(({ estimator, in: place }) => estimator !== "k1" || place === "reward", {
      message: "k1 in the loss has a gradient of mean 0, so it does nothing; take k2 or k3, or in: reward",
      path: ["estimator"],
    })
    .prefault({})
    .describe("Kullback–Leibler divergence to the weights that the stage starts from (docs/reinforcement.md)."),
  entropy: z
    .strictObject({
      floor: z.number().nonnegative().default(0).describe("Nats a token; 0 = off."),
      weight: rate.default(0.01).describe("Of the entropy in the objective while it is under the floor."),
    })
    .prefault({})
    .describe("Keeps the policy's entropy from falling under a floor (docs/reinforcement.md)."),
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
