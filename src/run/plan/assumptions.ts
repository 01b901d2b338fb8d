import { z } from "zod";
import { parseOverride } from "../../core/config/load.ts";
import { parseYaml } from "../../core/yaml-file.ts";

const positive = z.number().positive();
const share = z.number().min(0).max(1);

/** What a plan can't know: lengths that only data and models show, and how well hardware is used. All ours, none from the paper. */
const assumptionSchema = z.strictObject({
  prompt_tokens: z
    .number()
    .nonnegative()
    .default(0)
    .describe(
      "Mean prompt with the shown items; 0 = that of the first queries where data and tokenizer are here, else 0.3 of prompt.max_tokens.",
    ),
  bare_tokens: positive.default(200).describe("Mean prompt without items, system prompt included."),
  response_tokens: z
    .number()
    .nonnegative()
    .default(0)
    .describe("Mean response with reasoning; 0 = 0.15 of a stage's max_tokens (0.4 where that is under 512)."),
  answer_tokens: positive.default(20).describe("Mean response of a method without reasoning."),
  changed_chains: positive
    .default(12)
    .describe("Of eval.causal: chains that are asked about an answer, its own and those with a step out or false."),
  longest: positive.default(2.5).describe("Longest response of a batch over its mean: decoding waits for it."),
  teacher_tokens: positive.default(1500).describe("Mean completion of the teacher, thoughts included."),
  judge_tokens: positive.default(60).describe("Mean completion of the judge: one JSON object."),
  accepted: share.default(0.4).describe("Share of the teacher's chains that pass the accuracy filter."),
  judged_good: share.default(0.6).describe("Share of those that the judge keeps."),
  with_gradient: share.default(0.8).describe("Share of roll-outs in groups with spread: only they are trained on."),
  train_mfu: share.default(0.4).describe("Model FLOPs utilisation of forward and backward on GPUs."),
  forward_mfu: share.default(0.45).describe("The same of forward passes and of reading prompts."),
  bandwidth_used: share.default(0.6).describe("Share of the memory bandwidth that decoding reaches on GPUs."),
  sync_seconds: z
    .number()
    .nonnegative()
    .default(15)
    .describe("Handing new weights from trainer to sampler, a batch, on GPUs."),
  cpu_flops: positive.default(1.5e11).describe("FLOP/s of matrix products on a CPU: two AVX2 cores, measured."),
  cpu_bandwidth: positive.default(2e10).describe("Bytes a second from a CPU's memory."),
  cpu_token_seconds: z
    .number()
    .nonnegative()
    .default(0.0002)
    .describe("A sampled token on a CPU beside products and caches; fitted to two measured runs."),
  save_bytes_per_second: positive.default(1e9).describe("Writing checkpoints."),
});

export type Assumptions = z.output<typeof assumptionSchema>;

const KEYS = "--dry-run lists the assumptions";

/** The defaults with `--assume name=value` put over them; an unknown name is an error with the nearest known one. */
export const readAssumptions = (given: readonly string[]): Assumptions =>
  parseYaml(
    "{}",
    "assumptions",
    { schema: assumptionSchema, keys: KEYS },
    given.map((text) =>
      parseOverride(text, { flag: "--assume", hint: `For example --assume response_tokens=800; ${KEYS}.` }),
    ),
  );

/** Name, value and meaning of each, for the plan's last table. */
export const describeAssumptions = (values: Assumptions): { name: string; value: number; about: string }[] =>
  Object.entries(assumptionSchema.shape).map(([name, field]) => ({
    name,
    value: values[name as keyof Assumptions],
    about: field.description ?? "",
  }));
