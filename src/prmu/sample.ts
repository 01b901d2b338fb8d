import type { PrmuConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import { seedOf } from "../core/random.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { SamplingClient } from "../engine/types.ts";
import { type Codec, type Completion, generate } from "../prompts/generate.ts";
import { readResponse } from "../prompts/response.ts";
import { formatReward } from "../rewards/format.ts";
import { verifiableReward } from "../rewards/verifiable.ts";

/** One sampled response, read and scored. */
export interface Sampled {
  readonly text: string;
  readonly tokens: number;
  readonly formatOk: boolean;
  /** Verifiable reward. */
  readonly score: number;
}

/** What pairs of one query are made of. */
export interface PairSource {
  readonly example: ShownExample;
  readonly withProfile: readonly Sampled[];
  readonly withoutProfile: readonly Sampled[];
}

export interface SampleOptions {
  /** Of the SFT policy. */
  readonly sampler: SamplingClient;
  readonly codec: Codec;
  readonly prefix?: string;
  readonly examples: readonly ShownExample[];
  readonly tasks: readonly Task[];
  readonly tags: readonly string[];
  /** The prompt with the profile, and the same query without any item. */
  readonly promptOf: (example: ShownExample) => readonly number[];
  readonly promptWithout: (example: ShownExample) => readonly number[];
  readonly config: PrmuConfig;
  readonly seed: number;
  readonly progress: Progress;
}

/** Queries sampled as one unit. */
const UNIT = 64;

/** Samples `rollouts` responses a query with the profile and as many without. Seeds are named by query, so batching changes nothing. */
export async function samplePairSources(options: SampleOptions): Promise<PairSource[]> {
  const { examples, promptOf, promptWithout, progress } = options;
  progress.start("PRMU: responses for pairs", examples.length);
  const out: PairSource[] = [];
  for (let at = 0; at < examples.length; at += UNIT) {
    const part = examples.slice(at, at + UNIT);
    const withProfile = await ask(options, part, promptOf, "with");
    const withoutProfile = await ask(options, part, promptWithout, "without");
    for (const [i, example] of part.entries())
      out.push({ example, withProfile: withProfile[i] ?? [], withoutProfile: withoutProfile[i] ?? [] });
    progress.update(out.length);
  }
  progress.end();
  return out;
}

async function ask(
  options: SampleOptions,
  examples: readonly ShownExample[],
  promptOf: (example: ShownExample) => readonly number[],
  which: string,
): Promise<Sampled[][]> {
  const { sampler, codec, config, seed, prefix } = options;
  const groups = await generate(sampler, codec, examples.map(promptOf), {
    n: config.rollouts,
    maxTokens: config.max_tokens,
    temperature: 1,
    seeds: examples.map((e) => seedOf(seed, "prmu", "sample", which, e.task, e.id)),
    ...(prefix === undefined ? {} : { prefix }),
  });
  return groups.map((group, i) => group.map((completion) => read(options, examples[i] as ShownExample, completion)));
}

function read({ tasks, tags }: SampleOptions, example: ShownExample, completion: Completion): Sampled {
  const task = tasks.find((t) => t.name === example.task);
  if (task === undefined || example.gold === null)
    throw new TagprError("data", `PRMU query ${example.task}/${example.id} has no ${task ? "gold" : "task"}`, {
      hint: "Run the data stage again.",
    });
  const { text, truncated, tokens } = completion;
  const reading = readResponse(text, { task, tags, truncated });
  return {
    text,
    tokens: tokens.length,
    formatOk: formatReward(reading) === 1,
    score: verifiableReward(task, example.gold, reading.answer),
  };
}
