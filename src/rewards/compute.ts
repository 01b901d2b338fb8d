import type { RewardsConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { type Response, readResponse } from "../prompts/response.ts";
import { formatReward } from "./format.ts";
import { groundingReward } from "./grounding-reward.ts";
import { type Centre, personalizationReward } from "./personalization.ts";
import { repetitionReward } from "./repetition.ts";
import { tagChecks, tagReward } from "./tag.ts";
import { truthIn } from "./truth.ts";
import { verifiableReward } from "./verifiable.ts";
import type { Signals } from "./weights.ts";

/** The signals of one response, unweighted, and the weighted sum that is trained on. */
export type Rewards = Signals & { readonly total: number };

export interface RewardInput {
  readonly task: Task;
  readonly gold: string | null;
  /** The whole response, without special tokens. */
  readonly text: string;
  readonly truncated: boolean;
  /** The allowed tags. */
  readonly tags: readonly string[];
  readonly config: RewardsConfig;
  /** The stage's, for the task ({@link weightsOf}). */
  readonly weights: Signals;
  /** Scores of signals of one's own, by name. */
  readonly own?: Readonly<Record<string, number>>;
  /** PRMU's logit; null without a reward model. */
  readonly logit?: number | null;
  /** PRMU's centring; needed with a logit unless `raw_personalization`. */
  readonly centre?: Centre | null;
  /** The response as already read with the same task, tags and truncation. */
  readonly reading?: Response;
  /** What the prompt showed; without it nothing that is said of the items can be checked, and grounding is 0. */
  readonly example?: Pick<ShownExample, "shown" | "input"> | null;
}

/** All signals of one response and their weighted sum. @throws TagprError on a query without gold. */
export function computeRewards(input: RewardInput): Rewards {
  const { task, gold, text, truncated, tags, config } = input;
  if (gold === null)
    throw new TagprError("data", `${task.name}: a query without gold can't be rewarded`, {
      hint: "RL, preference pairs and the dev slice need labelled queries.",
    });
  const reading = input.reading ?? readResponse(text, { task, tags, truncated });
  const format = formatReward(reading);
  const centre = config.raw_personalization ? null : (input.centre ?? null);
  const values = {
    verifiable: verifiableReward(task, gold, reading.answer),
    format,
    repetition: repetitionReward(text, config.ngram),
    tag: tagReward(tagChecks(reading, config.min_tags), config.graded_tags),
    personalization: personalizationReward(input.logit ?? null, format === 1, centre),
    grounding: input.example ? groundingReward(truthIn(reading, task, input.example)) : 0,
  };
  return { ...values, ...input.own, total: weighted({ ...values, ...input.own }, input.weights) };
}

/** The weighted sum: what has a weight and no value adds nothing. */
export const weighted = (values: Readonly<Record<string, number>>, weights: Readonly<Record<string, number>>): number =>
  Object.keys(weights).reduce((sum, signal) => sum + (weights[signal] ?? 0) * (values[signal] ?? 0), 0);
