import { z } from "zod";
import { isVariableName, secretInUrl } from "../secrets.ts";

const count = z.int().nonnegative();
const positive = z.int().positive();

const share = z.number().min(0).max(1);

/** For looking at, not for training. */
export const heldOut = z.number().min(0).max(0.5).default(0.1);

const world = z.strictObject({
  share: share
    .default(0.8)
    .describe("How often a user's own choice (a concept's label, a template) is the type's usual one."),
  noise: share.default(0.1).describe("How often an observed outcome, shown or asked, is a uniform draw."),
  drift: share.default(0.005).describe("How often, item by item, each private choice of a user is drawn anew."),
  distractors: share.default(0).describe("Share of items that are off topic, their outcome a uniform draw."),
  min_items: positive.default(2).describe("Items of a user at least."),
  max_items: positive.default(200).describe("Items of a user at most; log-uniform between the two."),
});

export const data = z
  .strictObject({
    source: z
      .enum(["synthetic", "files"])
      .default("synthetic")
      .describe("`synthetic`: the seeded world; `files`: folders in LaMP's layout."),
    task: z
      .string()
      .default("")
      .describe(
        "Task name, or path of a task YAML; several of the synthetic world with commas. Empty: `synthetic_tag` in the " +
          "synthetic world, and for `files` what the data says, which a task named here may not contradict. `--data DIR` leaves the task of a config for files as it is.",
      ),
    paths: z
      .array(z.string())
      .default([])
      .describe("Folders with {train,dev}_{questions,outputs}.json, one a task (`--data DIR` sets it)."),
    users: z
      .strictObject({ train: positive.default(400), dev: positive.default(100), test: positive.default(1200) })
      .prefault({})
      .describe("Synthetic world: users of each split; splits share none."),
    world: world.prefault({}).describe("Synthetic world: its constants (docs/world.md)."),
    chains: positive.default(1000).describe("Train queries a task that the teacher answers (paper: 1,000)."),
    rl: positive.default(1024).describe("Train queries a task for RL (paper: 1,024)."),
    rl_of: z
      .record(z.string(), positive)
      .default({})
      .describe("Tasks with another number of RL queries, e.g. `{LaMP_2: 3200}` (the paper's exception)."),
    prmu: positive
      .default(1000)
      .describe("Train queries a task from which preference pairs are sampled; never RL's queries."),
    prmu_from: z
      .enum(["own", "rl"])
      .default("own")
      .describe(
        "`own`: PRMU has queries of its own; `rl`: its pairs are of RL's queries, in two halves: a reward model of each scores the other half in RL, so that none has seen a gold that it scores (ours). Where there are queries enough, chains and RL have the same ones with either.",
      ),
    dev: positive
      .default(200)
      .describe(
        "Queries a task of the dev slice of train, for choosing checkpoints; its users are in no training set of that task.",
      ),
    test: positive.default(1500).describe("Evaluation queries a task at most."),
    strata: z
      .strictObject({ seen: count.default(0), unseen: count.default(0), cold: count.default(0) })
      .prefault({})
      .describe(
        "Synthetic world: evaluation queries by kind of user, in place of `test`: of users that RL has seen, some items later; " +
          "of unseen users with 8 items or more; of unseen users with one or two. All 0 = off (docs/world.md).",
      ),
    min_items: count.default(1).describe("Queries whose user has fewer items than this are left out."),
  })
  .describe("Where queries and histories come from.");

const retriever = z.enum(["recency", "random", "random_official", "bm25", "dense"]);

export const profile = z
  .strictObject({
    retriever: retriever.default("recency").describe("How the shown items are chosen (paper: recency)."),
    k: positive.default(8).describe("Shown items (paper: 8)."),
    characters: count
      .default(0)
      .describe(
        "Characters that the shown items have together at most; 0: any. Of the k the best that fit are shown, one at least, so that long ones are fewer and not cut.",
      ),
  })
  .describe("Which part of the history the model sees.");

export const prompt = z
  .strictObject({
    max_tokens: positive
      .default(2048)
      .describe("Token budget of a prompt; items are cut to fit, and the record says what was cut."),
    names_tags: z
      .boolean()
      .default(true)
      .describe("Whether the system prompt of every -R method names the allowed tags."),
    tags: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "The tags that it names, in place of those that the chains gave: of a model that was trained elsewhere.",
      ),
  })
  .describe("How a query is asked.");

/** Configs are kept in run.json and shown: what is refused here stands in neither, and is not repeated in the refusal. */
export const address = z
  .string()
  .refine((url) => secretInUrl(url) === null, {
    error: ({ input }) =>
      `holds ${secretInUrl(String(input))}; take it out: a key comes from the environment variable that key_env names`,
  })
  .default("");
export const variable = z.string().refine(isVariableName, {
  error:
    "is no name of an environment variable (it may be a key itself: put that into a variable, OPENAI_API_KEY for one, and name the variable here)",
});
const NO_MPS = "mps is not served: the engine has never been tried on Apple's GPUs; use cpu";

const engine = z.strictObject({
  kind: z
    .enum(["embedded", "remote"])
    .default("embedded")
    .describe(
      "`embedded`: started and stopped by the command; `remote`: a Tinker server at `url` (embeddings: any provider of OpenAI's /v1/embeddings).",
    ),
  url: address.describe("Base URL of a remote engine."),
  key_env: variable.default("TINKER_API_KEY").describe("Environment variable that holds the remote engine's key."),
  profile: z
    .enum(["auto", "tagpr", "skyrl", "skyrl-jax", "tinker"])
    .default("auto")
    .describe(
      "What a remote engine is, where it can't be told from its answers: SkyRL's JAX back-end has no `gspo` and trains LoRA only.",
    ),
  dtype: z
    .enum(["auto", "float32", "bfloat16"])
    .default("auto")
    .describe(
      "Compute type; master weights stay float32. `auto`: the faster one, measured at a run's first start, on a group of it (or on one product where that settles it), and kept in run.json.",
    ),
  device: z
    .enum(["auto", "cpu", "cuda"], { error: (issue) => (issue.input === "mps" ? NO_MPS : undefined) })
    .default("auto")
    .describe("`auto`: a GPU where PyTorch sees one, at the run's first start."),
  threads: count.default(0).describe("CPU threads; 0 = all cores."),
  token_budget: positive
    .default(8192)
    .describe(
      "Distinct tokens of one forward and backward pass; a larger batch is cut into pieces, with the same result.",
    ),
  cache_tokens: positive
    .default(400_000)
    .describe(
      "Tokens of keys and values held at once in sampling, room for the longest responses included; what is over that is sampled in turns, with the same result.",
    ),
  recompute: z
    .boolean()
    .default(false)
    .describe("Keep no activations for the backward pass but compute them again: less memory, one forward pass more."),
});

export const engines = z
  .strictObject({
    policy: engine.prefault({}),
    reward: engine.prefault({}),
    embeddings: engine.prefault({}),
    embeddings_model: z.string().default("all-minilm-l6-v2").describe("Model behind /v1/embeddings."),
  })
  .describe("Each role has its own engine; embedded roles with equal settings share one process.");

const temperature = z.number().nonnegative().describe("Of sampling; 0: the likeliest answer.");

export const llm = z.strictObject({
  kind: z
    .enum(["scripted", "openai", "self", "rules"])
    .default("scripted")
    .describe(
      "`scripted`: the synthetic world's own server; `openai`: any OpenAI-compatible endpoint; `self`: the policy's base model (teacher only); `rules`: stated rules (ours; a teacher's chains are made of the shown items, true by construction).",
    ),
  url: address.describe("Base URL of the endpoint."),
  model: z.string().default("").describe("Model name at the endpoint."),
  key_env: variable.default("OPENAI_API_KEY").describe("Environment variable that holds the key; never logged."),
  temperature: temperature.default(1),
  max_tokens: positive.default(2048),
  concurrency: positive.default(8).describe("Requests in flight."),
  timeout: positive
    .max(86_400)
    .default(600)
    .describe("Seconds that one answer may take, to its last byte; then it is asked for again, twice at most."),
  max_wait: count
    .max(86_400)
    .default(300)
    .describe(
      "Seconds that one request waits in all for an endpoint that is busy (Retry-After, else back-off); when it asks for more, the command ends and can be gone on with.",
    ),
  price_in: z.number().nonnegative().default(0).describe("Dollars a million prompt tokens, for the cost line."),
  price_out: z.number().nonnegative().default(0).describe("Dollars a million completion tokens."),
});

export const teacher = llm.extend({
  rationalize: z
    .literal([false, true, "always"])
    .default(false)
    .describe(
      "Where no roll-out of a query is right, show the teacher the answer and ask for the reasons (STaR, arXiv 2203.14465; of `rules`, what the items show, then the answer); chains that name the answer before the deciding step, or cite what is not there, are left out. `always`: of every query, in place of roll-outs.",
    ),
});

export const teachers = z
  .array(
    teacher.extend({
      share: z.number().positive().default(1).describe("How much of the chains it writes, beside the others' shares."),
    }),
  )
  .default([])
  .describe("Several teachers in place of `teacher`, whose chains mix by their shares (ours); empty: `teacher` alone.");

/** Judge and tagger read what is there: they answer greedily, unless an endpoint takes another temperature alone. */
export const reader = llm.extend({ temperature: temperature.default(0) });

/** A model that is compared: its key, its prices and its limits are as a teacher's. */
const api = reader.omit({ kind: true }).extend({
  thinking: z
    .strictObject({
      on: z.record(z.string(), z.unknown()).default({}).describe("Of `api-NAME-r`, e.g. `{reasoning_effort: medium}`."),
      off: z.record(z.string(), z.unknown()).default({}).describe("Of `api-NAME`."),
    })
    .prefault({})
    .describe("Fields that a request has besides OpenAI's usual ones, to switch the model's own thinking on and off."),
});

export const chains = z
  .strictObject({
    rollouts: positive.default(16).describe("Chains a query from the teacher (paper: 16)."),
    rouge_threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .describe("Accuracy filter of generation tasks: ROUGE-L F at least this (ours)."),
    ordinal_tolerance: z
      .number()
      .nonnegative()
      .default(0)
      .describe("Accuracy filter of ordinal tasks: largest distance kept (paper: exact)."),
    judge_over: z.number().default(15).describe("Keep chains whose four grades sum to more than this (paper: 15)."),
    tags: positive.default(9).describe("Primary tags to derive by K-means (paper: 9)."),
    explore: positive.default(400).describe("Chains tagged freely in the exploratory phase."),
    per_query: positive
      .default(2)
      .describe("Chains kept a query at most, so that easy queries don't crowd out the rest (ours)."),
    held_out: heldOut.describe(
      "Share of users whose chains are held out for SFT's loss curve (of queries, where users are unknown or `sft.form` is `gold`).",
    ),
    review: count.default(20).describe("Chains written to review.jsonl for a person to look at."),
  })
  .describe("The tagged-chain pipeline (paper section 3.2).");

/** Which names there are is known above (`src/methods`). */
const methods = z.array(z.string().min(1));

/** In names of methods and files. */
const slug = /^[a-z][a-z0-9-]{0,40}$/;
const SLUG = "a name of small letters, digits and -";

export const evaluation = z
  .strictObject({
    methods: methods
      .min(1)
      .default(["zero-shot", "rag-r", "sft-r", "guided", "tagpr"])
      .describe("What is compared (paper's baselines and stages); docs/methods.md says what there is."),
    swap: methods
      .default([])
      .describe(
        "Methods that also answer with another user's items: what is left of the score is not personalization.",
      ),
    causal: z
      .strictObject({
        methods: methods.default([]).describe("Of `eval.methods`, those that reason with one prompt."),
        queries: positive.default(100).describe("Queries of each task, drawn at random."),
      })
      .prefault({})
      .describe(
        "Does the answer hang on the chain (ours): every step is taken out in turn, and where its claims about shown items are true they are made false; what that does to the answer's log-prob, and what is answered then.",
      ),
    max_tokens: positive
      .default(512)
      .describe("Response cut-off; a truncated answer is unreadable under the strict reading."),
    batch: positive.default(256).describe("Queries sampled as one unit."),
    bootstrap: positive.max(100_000).default(2000).describe("Resamples of the intervals."),
    samples: count
      .max(256)
      .default(0)
      .describe(
        "Sampled answers a query beside the greedy one, for avg@n, pass@k and majority@n, in evaluation and at every look at the dev slice; 0 = none.",
      ),
    temperatures: z
      .array(z.number().nonnegative().max(5))
      .min(1)
      .default([0])
      .describe(
        "Decodings to choose from: the temperature with the best mean score on dev makes a method's score, and chooses weights, alike for every method; 0 is greedy. Samples are drawn at it, or where greedy is chosen at the highest (1 where there is none).",
      ),
    reading: z
      .enum(["strict", "lenient"])
      .default("lenient")
      .describe("Reading of answers behind the headline score; both are reported."),
    profile: z
      .strictObject({ retriever: retriever.optional(), k: positive.optional(), characters: count.optional() })
      .prefault({})
      .describe("Items that the evaluation shows, in place of `profile`'s: nothing is trained anew for them."),
    paths: z
      .array(z.string())
      .default([])
      .describe(
        "Folders of evaluation data in LaMP's layout, in place of those of `data`: nothing is trained anew for them.",
      ),
    tasks: z
      .array(z.string())
      .default([])
      .describe("Tasks that are asked, of those that the data has; none named: all. Nothing is trained anew for it."),
    base: z
      .enum(["as_prompt", "better", "unnamed"])
      .default("as_prompt")
      .describe(
        "Whether base models that reason are told the tags: `as_prompt`: as `prompt.names_tags` says; `better`: with and without, and the better on dev is kept, method by method; `unnamed`: never, and no chains are needed for them.",
      ),
    apis: z
      .record(z.string().regex(slug, SLUG), api)
      .default({})
      .describe("Models behind OpenAI-compatible endpoints to compare with, by name: `api-NAME`, `api-NAME-r`."),
    own: z
      .record(z.string().regex(slug, SLUG), z.string())
      .default({})
      .describe(
        "Methods of your own, by name: paths of TypeScript or JavaScript modules, `#export` behind them where it isn't the default one; `own-NAME`.",
      ),
    predictions: z
      .record(z.string().regex(slug, SLUG), z.string())
      .default({})
      .describe(
        "Files of predictions from anywhere, or folders of them, by name, scored beside the rest: `file-NAME` (docs/methods.md has the forms).",
      ),
    missing: z
      .enum(["refuse", "wrong"])
      .default("refuse")
      .describe("Queries that such a file has no answer to: `refuse` the evaluation, or count them as `wrong`."),
  })
  .describe("Evaluation on the held-out set, greedy unless said otherwise (paper section 4).");

export const choose = z
  .strictObject({
    looks: count
      .default(0)
      .describe(
        "Looks at the dev slice in each training stage, evenly spaced, the last at its end; the best by dev score is kept, SFT's too. 0 = as each stage's own `dev_every` and `validate_every` say (the lowest held-out loss for SFT).",
      ),
    guard: z
      .enum(["auto", "always", "never"])
      .default("auto")
      .describe(
        "A training stage hands on what it began with where what it trained does no better on the dev slice: better is a higher score of greedy or sampled answers and a lower one of neither (ours). `auto`: for data of files, not in the synthetic world.",
      ),
  })
  .describe("One rule of choosing weights for all methods that are compared (ours).");
