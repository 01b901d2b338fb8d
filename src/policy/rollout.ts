import type { RewardsConfig, RlConfig } from "../core/config/schema.ts";
import { messageOf } from "../core/errors.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import { taskOf } from "../data/find-task.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { keepingBatch } from "../engine/loop.ts";
import type { SamplingClient } from "../engine/types.ts";
import type { Scorer } from "../prmu/scorer-types.ts";
import { type Codec, type Completion, generate } from "../prompts/generate.ts";
import { type Response as Reading, readResponse } from "../prompts/response.ts";
import { computeRewards, type Rewards } from "../rewards/compute.ts";
import { formatReward } from "../rewards/format.ts";
import { type OwnSignal, ownItem } from "../rewards/own.ts";
import { type RlStage, type Signals, weightsOf } from "../rewards/weights.ts";

/** What it takes to ask the policy and to judge what it says. */
export interface Setting {
  readonly stage: RlStage;
  readonly codec: Codec;
  /** Chat prompt of an example, generation prompt included. */
  readonly promptOf: (example: ShownExample) => readonly number[];
  /** What the chat template already wrote of a response (`Renderer.responsePrefix`). */
  readonly prefix?: string;
  /** False where the whole response is the answer (SFT without reasoning). Default true. */
  readonly reasoning?: boolean;
  readonly tasks: readonly Task[];
  /** The allowed tags. */
  readonly tags: readonly string[];
  readonly rewards: RewardsConfig;
  readonly config: RlConfig;
  /** Null: no personalization reward. */
  readonly scorer: Scorer | null;
  /** Signals of one's own; default: none. */
  readonly own?: readonly OwnSignal[];
  /** How a look at the dev slice decodes beside greedily; see `Decodings`. */
  readonly decodings?: Decodings;
  /** Keeps the responses that the reward model's engine finds a NaN in. */
  readonly log?: LoopLog;
}

/** `eval.samples` and `eval.temperatures`: the decodings that a look chooses from, and the answers it draws of each. */
export interface Decodings {
  readonly samples: number;
  /** 0 is greedy. */
  readonly temperatures: readonly number[];
}

export interface Rollout {
  readonly response: Completion;
  readonly reading: Reading;
  readonly logit: number | null;
  readonly rewards: Rewards;
}

/** The roll-outs of one prompt. */
export interface Group {
  readonly example: ShownExample;
  readonly prompt: readonly number[];
  readonly rollouts: readonly Rollout[];
}

/** Weights of the stage's signals for a task. */
export const weightsFor = (
  { rewards, stage, config }: Pick<Setting, "rewards" | "stage" | "config">,
  task: string,
): Signals => weightsOf({ rewards, stage, own: config.rewards }, task);

export interface Draw {
  readonly n: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** One an example. */
  readonly seeds: readonly number[];
}

export interface RolloutTimes {
  sample: number;
  reward: number;
}

/** Asks for `n` responses to each example as one unit, then scores and rewards them. `times` gets milliseconds. */
export async function rollOut(
  setting: Setting,
  sampler: SamplingClient,
  examples: readonly ShownExample[],
  draw: Draw,
  clock: () => number,
  times: RolloutTimes = { sample: 0, reward: 0 },
): Promise<Group[]> {
  const started = clock();
  const prompts = examples.map(setting.promptOf);
  const sample = () =>
    generate(sampler, setting.codec, prompts, {
      ...draw,
      maxTokens: setting.config.max_tokens,
      ...(draw.temperature > 0 ? { topP: setting.config.top_p } : {}),
      ...(setting.prefix === undefined ? {} : { prefix: setting.prefix }),
    });
  const responses = await kept(setting, () => examples.map(({ task, id }) => ({ task, query: id })), sample);
  const sampled = clock();
  times.sample += sampled - started;
  const groups = await judge(setting, examples, prompts, responses);
  times.reward += clock() - sampled;
  return groups;
}

async function judge(
  setting: Setting,
  examples: readonly ShownExample[],
  prompts: readonly (readonly number[])[],
  responses: readonly (readonly Completion[])[],
): Promise<Group[]> {
  const readings = zipStrict(examples, responses).map(([example, group]) => {
    const task = taskOf(setting.tasks, example);
    const { tags, reasoning = true } = setting;
    return group.map((r) => readResponse(r.text, { task, tags, reasoning, truncated: r.truncated }));
  });
  const score = () => scoreReadable(setting.scorer, examples, responses, readings);
  const logits = await kept(setting, () => asRows(examples, responses), score);
  const own = await ownScores(setting, examples, responses, readings);
  return examples.map((example, i) => {
    const rollouts = zipStrict(responses[i] ?? [], readings[i] ?? []).map(([response, reading], k) => {
      const judged = { response, reading, logit: logits[i]?.[k] ?? null };
      return { ...judged, rewards: rewardsOf(setting, example, judged, own[i]?.[k] ?? {}) };
    });
    return { example, prompt: prompts[i] ?? [], rollouts };
  });
}

/** `[i][k]`: scores by name. A signal is asked only about the tasks where it has a weight. */
async function ownScores(
  setting: Setting,
  examples: readonly ShownExample[],
  responses: readonly (readonly Completion[])[],
  readings: readonly (readonly Reading[])[],
): Promise<Readonly<Record<string, number>>[][]> {
  const scores: Record<string, number>[][] = responses.map((group) => group.map(() => ({})));
  for (const signal of setting.own ?? []) {
    const asked = examples.flatMap((example, i) => {
      if ((weightsFor(setting, example.task)[signal.name] ?? 0) === 0) return [];
      const group = zipStrict(responses[i] ?? [], readings[i] ?? []);
      return group.map(([{ text, truncated }, reading], k) => ({
        i,
        k,
        item: ownItem(example, text, truncated, reading),
      }));
    });
    const found = await keptWhole(setting, examples, responses, () => signal.score(asked.map(({ item }) => item)));
    for (const [{ i, k }, score] of zipStrict(asked, found)) (scores[i]?.[k] ?? {})[signal.name] = score;
  }
  return scores;
}

/** Where a signal of one's own fails, the responses stand in stopped.jsonl. */
async function keptWhole<T>(
  { log }: Setting,
  examples: readonly ShownExample[],
  responses: readonly (readonly Completion[])[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    log?.stopped({ kind: "own_signal", what: messageOf(error), batch: asRows(examples, responses) });
    throw error;
  }
}

const kept = <T>({ log }: Setting, batch: () => readonly unknown[], work: () => Promise<T>): Promise<T> =>
  log === undefined ? work() : keepingBatch(log, batch, work);

const asRows = (examples: readonly ShownExample[], responses: readonly (readonly Completion[])[]) =>
  zipStrict(examples, responses).map(([{ task, id }, group]) => ({
    task,
    query: id,
    texts: group.map(({ text }) => text),
  }));

function rewardsOf(
  setting: Setting,
  example: ShownExample,
  { response, reading, logit }: Omit<Rollout, "rewards">,
  own: Readonly<Record<string, number>>,
): Rewards {
  return computeRewards({
    task: taskOf(setting.tasks, example),
    gold: example.gold,
    text: response.text,
    truncated: response.truncated,
    tags: setting.tags,
    config: setting.rewards,
    weights: weightsFor(setting, example.task),
    own,
    logit,
    centre: setting.scorer?.centre ?? null,
    reading,
    example,
  });
}

/** Logits of the responses whose format passes; the others' personalization reward is 0 anyway. */
async function scoreReadable(
  scorer: Scorer | null,
  examples: readonly ShownExample[],
  responses: readonly (readonly Completion[])[],
  readings: readonly (readonly Reading[])[],
): Promise<(number | null)[][]> {
  const logits: (number | null)[][] = responses.map((group) => group.map(() => null));
  if (scorer === null) return logits;
  const asked: { i: number; k: number; example: ShownExample; text: string }[] = [];
  for (const [i, example] of examples.entries())
    for (const [k, response] of (responses[i] ?? []).entries()) {
      const reading = readings[i]?.[k];
      if (reading !== undefined && formatReward(reading) === 1) asked.push({ i, k, example, text: response.text });
    }
  const scores = await scorer.score(asked);
  for (const [{ i, k }, logit] of zipStrict(asked, scores)) (logits[i] as (number | null)[])[k] = logit;
  return logits;
}
