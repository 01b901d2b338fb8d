import type { PrmuConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import { seedOf, stream } from "../core/random.ts";
import { taskOf } from "../data/find-task.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { SamplingClient } from "../engine/types.ts";
import { type Codec, type Completion, generate } from "../prompts/generate.ts";
import { readResponse } from "../prompts/response.ts";
import { formatReward } from "../rewards/format.ts";
import { mentions } from "../rewards/mentions.ts";
import { verifiableReward } from "../rewards/verifiable.ts";
import { splitter } from "./split.ts";

/** One sampled response, read and scored. */
export interface Sampled {
  readonly text: string;
  readonly tokens: number;
  readonly formatOk: boolean;
  /** The chain is a clean sequence of tagged steps. */
  readonly chainOk: boolean;
  /** How much its chain says of the query's own shown items. */
  readonly mentions: number;
  /** Verifiable reward. */
  readonly score: number;
  /** Cut off at `prmu.max_tokens`. */
  readonly truncated: boolean;
}

/** What pairs of one query are made of. */
export interface PairSource {
  readonly example: ShownExample;
  readonly withProfile: readonly Sampled[];
  readonly withoutProfile: readonly Sampled[];
  /** Answered with another user's items in the prompt; empty where that was not asked for. */
  readonly otherProfile: readonly Sampled[];
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
  /** The prompt with other items than the example's own. */
  readonly promptWith: (example: ShownExample, items: ShownExample["shown"]) => readonly number[];
  readonly config: PrmuConfig;
  readonly seed: number;
  readonly progress: Progress;
}

/**
 * A prompt without history gets the chain opened for it (ours): the policy has learnt from prompts with a history alone,
 * and a small one may then forget the form, which leaves hardly a pair.
 */
const OPENING = "<think>";

/** Queries sampled as one unit. */
const UNIT = 64;

/** Samples `rollouts` responses a query with the profile and as many without. Seeds are named by query, so batching changes nothing. */
export async function samplePairSources(options: SampleOptions): Promise<PairSource[]> {
  const { examples, promptOf, promptWithout, progress } = options;
  const wantsOther = otherWanted(options);
  progress.start("PRMU: responses for pairs", examples.length);
  const out: PairSource[] = [];
  for (let at = 0; at < examples.length; at += UNIT) {
    const part = examples.slice(at, at + UNIT);
    const withProfile = await ask(options, part, promptOf, "with");
    const withoutProfile = await ask(options, part, promptWithout, "without", OPENING);
    const swapped = part.filter(wantsOther);
    const others = await ask(options, swapped, (e) => options.promptWith(e, strangerOf(options, e).shown), "other");
    const otherOf = new Map(swapped.map((example, i) => [example, others[i] ?? []]));
    for (const [i, example] of part.entries())
      out.push({
        example,
        withProfile: withProfile[i] ?? [],
        withoutProfile: withoutProfile[i] ?? [],
        otherProfile: otherOf.get(example) ?? [],
      });
    progress.update(out.length);
  }
  progress.end(cutOff(out, options.config.max_tokens));
  return out;
}

/** How many responses were too long to be of use; empty where none was. */
function cutOff(sources: readonly PairSource[], longest: number): string {
  const all = sources.flatMap((one) => [...one.withProfile, ...one.withoutProfile, ...one.otherProfile]);
  const cut = all.filter(({ truncated }) => truncated).length;
  return cut === 0 ? "" : `${cut} of ${all.length} were cut off at prmu.max_tokens (${longest}) and make no pair`;
}

/** Held-out queries, for the planted fault; all of them where PRP's rejected side is another user's. */
function otherWanted({ config, seed, examples }: SampleOptions): (example: ShownExample) => boolean {
  const splitOf = splitter(examples, config.held_out, seed);
  return (example) => {
    if (!examples.some((other) => isStranger(example, other))) return false;
    return config.prp_against === "other_profile" || splitOf(example) === "held_out";
  };
}

/** A query of another user of the same task, with items of its own. */
const isStranger = (example: ShownExample, other: ShownExample): boolean =>
  other.task === example.task &&
  other.shown.length > 0 &&
  (other.user !== example.user || other.user === null) &&
  other.id !== example.id;

/** Whose items stand in for an example's own, the same in every process. */
function strangerOf({ examples, seed }: SampleOptions, example: ShownExample): ShownExample {
  const strangers = examples.filter((other) => isStranger(example, other));
  return stream(seed, "prmu", "stranger", example.task, example.id).pick(strangers);
}

async function ask(
  options: SampleOptions,
  examples: readonly ShownExample[],
  promptOf: (example: ShownExample) => readonly number[],
  which: string,
  opening = "",
): Promise<Sampled[][]> {
  const { sampler, codec, config, seed, prefix: written = "" } = options;
  // What the chat template wrote already opens the chain by itself, or not.
  const opened = written.startsWith("<think>") ? "" : opening;
  const prefix = written + opened;
  const openedIds = opened === "" ? [] : codec.encode(opened);
  const prompts = examples.map((example) => [...promptOf(example), ...openedIds]);
  const groups = await generate(sampler, codec, prompts, {
    n: config.rollouts,
    maxTokens: config.max_tokens,
    temperature: 1,
    seeds: examples.map((e) => seedOf(seed, "prmu", "sample", which, e.task, e.id)),
    prefix,
  });
  return groups.map((group, i) =>
    group.map((completion) => read(options, examples[i] as ShownExample, completion, openedIds.length)),
  );
}

/** `opened`: tokens of the response that stood in the prompt. */
function read({ tasks, tags }: SampleOptions, example: ShownExample, completion: Completion, opened: number): Sampled {
  const task = taskOf(tasks, example);
  if (example.gold === null)
    throw new TagprError("data", `PRMU query ${example.task}/${example.id} has no gold`, {
      hint: "Run the data stage again.",
    });
  const { text, truncated, tokens } = completion;
  const reading = readResponse(text, { task, tags, truncated });
  return {
    text,
    tokens: tokens.length + opened,
    formatOk: formatReward(reading) === 1,
    chainOk: reading.chainOk,
    mentions: mentions(text, task, example),
    score: verifiableReward(task, example.gold, reading.answer),
    truncated,
  };
}
