import type { RewardsConfig, StageRewards } from "../core/config/schema.ts";

/** Guided: all signals (paper eq. 5). Explore: the foundation signals (eq. 11). */
export type RlStage = "guided" | "explore";

/** The paper's five, and grounding (ours). */
export const SIGNALS = ["verifiable", "format", "repetition", "tag", "personalization", "grounding"] as const;
export type Signal = (typeof SIGNALS)[number];

/** A number for each of our signals, and for each of one's own by its name. */
export type Signals = Readonly<Record<Signal, number>> & Readonly<Record<string, number>>;

/** Where weights come from: `rewards`, and what the stage says of its own. */
export interface WeightSource {
  readonly rewards: RewardsConfig;
  readonly stage: RlStage;
  /** `guided.rewards`, `explore.rewards`. */
  readonly own: StageRewards;
}

/**
 * Weights of a stage for a task. The later one holds: `rewards`, of which the exploratory stage keeps the foundation
 * signals alone; `rewards.of.TASK`, likewise; the stage's own; the stage's own `of.TASK`. What has no weight is logged
 * all the same, where it can be computed without asking anybody.
 */
export function weightsOf({ rewards, stage, own }: WeightSource, task: string): Signals {
  const { verifiable, format, repetition, tag, personalization, grounding } = rewards;
  const asked = Object.entries(rewards.own).map(([name, { weight }]) => [name, weight] as const);
  const all = { verifiable, format, repetition, tag, personalization, grounding, ...Object.fromEntries(asked) };
  const weights: Record<string, number> = { ...all, ...flat(rewards.of[task]) };
  if (stage === "explore") for (const name of Object.keys(weights)) if (!isFoundation(name)) weights[name] = 0;
  return { ...all, ...weights, ...flat(own), ...flat(own.of[task]) };
}

const isFoundation = (name: string): boolean => ["verifiable", "format", "repetition", "grounding"].includes(name);

/** Overrides of weights: those of one's own signals stand under `own`. */
function flat(some: Partial<StageRewards> | undefined): Readonly<Record<string, number>> {
  if (some === undefined) return {};
  const { own, of: _tasks, ...weights } = some;
  const given = Object.entries({ ...weights, ...own }).filter(([, weight]) => weight !== undefined);
  return Object.fromEntries(given as [string, number][]);
}
