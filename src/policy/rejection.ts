import { judgeAccuracy } from "../chains/accuracy.ts";
import { batchAt, batchCount, type Walk } from "../core/batches.ts";
import type { ChainsConfig, RlConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { seedOf } from "../core/random.ts";
import { taskOf } from "../data/find-task.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { SamplingClient } from "../engine/types.ts";
import { type Codec, generate } from "../prompts/generate.ts";
import { readResponse } from "../prompts/response.ts";

/*
 * Rejection-sampling fine-tuning (RFT: Yuan et al. 2023, arXiv 2308.01825): sample from the SFT model, keep what is
 * right, go on with SFT on that. Here it is RL's rival at equal labels and samples: the very batches of both RL stages,
 * as many responses to each prompt. It assumes that a response with a right answer is worth imitating.
 */

/** A response that the accuracy filter lets pass. */
export interface Accepted {
  readonly task: string;
  readonly query: string;
  readonly text: string;
}

/** One batch of RL's prompts, as the SFT model answers them. */
export interface SampledBatch {
  readonly stage: string;
  readonly batch: number;
  /** Sampled responses, and their tokens. */
  readonly responses: number;
  readonly tokens: number;
  readonly accepted: readonly Accepted[];
}

export interface RejectionOptions {
  /** Of the SFT model. */
  readonly sampler: SamplingClient;
  readonly codec: Codec;
  readonly promptOf: (example: ShownExample) => readonly number[];
  readonly prefix: string;
  readonly tasks: readonly Task[];
  readonly tags: readonly string[];
  readonly chains: Pick<ChainsConfig, "rouge_threshold" | "ordinal_tolerance">;
  /** RL's queries. */
  readonly examples: readonly ShownExample[];
  /** The RL stages whose samples are matched, in order. */
  readonly stages: readonly { readonly name: string; readonly config: RlConfig }[];
  readonly seed: number;
}

/** All batches of the matched stages. */
export const rejectionBatches = ({ stages, examples, seed }: RejectionOptions): number =>
  stages.reduce((sum, { name, config }) => sum + batchCount(walkOf(name, config, examples, seed)), 0);

/** Samples batch after batch from number `from` on (those before stand already). */
export async function* sampleAccepted(options: RejectionOptions, from: number): AsyncGenerator<SampledBatch> {
  let number = 0;
  for (const { name, config } of options.stages) {
    const walk = walkOf(name, config, options.examples, options.seed);
    for (let batch = 0; batch < batchCount(walk); batch++)
      if (number++ >= from) yield await oneBatch(options, name, config, walk, batch);
  }
}

/** RL's own walk: a stage's name and seed give its batches. */
function walkOf(name: string, config: RlConfig, examples: readonly ShownExample[], seed: number): Walk {
  return { seed, name, labels: examples.map(({ task }) => task), batch: config.batch, epochs: config.epochs };
}

async function oneBatch(
  options: RejectionOptions,
  stage: string,
  config: RlConfig,
  walk: Walk,
  batch: number,
): Promise<SampledBatch> {
  const { sampler, codec, seed, promptOf, prefix } = options;
  const examples = batchAt(walk, batch).map((i) => options.examples[i] as ShownExample);
  const groups = await generate(sampler, codec, examples.map(promptOf), {
    n: config.rollouts,
    maxTokens: config.max_tokens,
    temperature: config.temperature,
    topP: config.top_p,
    seeds: examples.map((_, i) => seedOf(seed, "rejection", stage, batch, i)),
    prefix,
  });
  const all = groups.flat();
  const accepted = examples.flatMap((example, i) =>
    (groups[i] ?? []).flatMap(({ text, truncated }) =>
      isAccepted(options, example, text, truncated) ? [{ task: example.task, query: example.id, text }] : [],
    ),
  );
  return { stage, batch, responses: all.length, tokens: all.reduce((sum, r) => sum + r.tokens.length, 0), accepted };
}

function isAccepted(
  { tasks, tags, chains }: RejectionOptions,
  example: ShownExample,
  text: string,
  truncated: boolean,
): boolean {
  const { gold, task: name, id } = example;
  if (gold === null) throw new TagprError("data", `${name}, query ${id}: no gold answer to accept responses by`);
  const task = taskOf(tasks, example);
  const { answer } = readResponse(text, { task, tags, truncated });
  return answer !== null && judgeAccuracy(task, answer, gold, chains).accepted;
}

/** Each response to a query once: a copy teaches nothing that the first doesn't. */
export function distinctAccepted(batches: readonly SampledBatch[]): Accepted[] {
  const all = batches.flatMap(({ accepted }) => accepted);
  return [...new Map(all.map((one) => [JSON.stringify([one.task, one.query, one.text]), one])).values()];
}
