import { mean, populationStd } from "../core/mean.ts";
import { taskOf } from "../data/find-task.ts";
import type { Task } from "../data/task.ts";
import { type FormLook, formLook } from "../rewards/hacking.ts";
import { SIGNALS } from "../rewards/weights.ts";
import { type AdvantageScheme, signalParts } from "./advantages.ts";
import { hasSpread } from "./group-advantages.ts";
import type { Group, Rollout } from "./rollout.ts";
import type { UpdateStats } from "./update.ts";

export type MetricRow = Readonly<Record<string, number | null | Readonly<Record<string, number>>>>;

const share = <T>(values: readonly T[], holds: (value: T) => boolean): number =>
  mean(values.map((value) => (holds(value) ? 1 : 0)));
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);

/** A repetition reward below this is an answer that goes round in circles: more than half of its n-grams repeat. */
const LOOPING = -0.5;

/** Rewards and form of what was said: means over all roll-outs, from the very rewards that are trained on; `scored` by a reward model, or null. */
export function rewardMetrics(groups: readonly Group[], scored: boolean): MetricRow {
  const all = groups.flatMap((group) => group.rollouts);
  const lengths = all.map((r) => r.response.tokens.length);
  return {
    reward: mean(all.map((r) => r.rewards.total)),
    ...Object.fromEntries(
      signalsIn(all).map((signal) => [`reward_${signal}`, mean(all.flatMap((r) => r.rewards[signal] ?? []))]),
    ),
    ...(scored ? {} : { reward_personalization: null }),
    best_of_group: mean(groups.map((g) => Math.max(...g.rollouts.map((r) => r.rewards.verifiable)))),
    tokens_mean: mean(lengths),
    tokens_max: largest(lengths),
    truncated: share(all, (r) => r.response.truncated),
    unreadable: share(all, (r) => r.reading.answer === null),
    looping: share(all, (r) => r.rewards.repetition < LOOPING),
    tag_valid: share(all, (r) => r.rewards.tag === 0),
    tags_per_response: mean(all.map(tagsOf).map((tags) => tags.length)),
    tag_counts: tagCounts(all),
    prmu_logit: meanOrNull(all.map((r) => r.logit)),
  };
}

/** The paper's signals, and whatever else some roll-out was rewarded for. */
function signalsIn(rollouts: readonly Rollout[]): string[] {
  const others = rollouts.flatMap((r) => Object.keys(r.rewards)).filter((name) => name !== "total");
  return [...new Set([...SIGNALS, ...others])];
}

/** What the detectors of reward hacking look at, over all roll-outs; no part of the reward. */
export function formOf(groups: readonly Group[], tasks: readonly Task[]): FormLook {
  return formLook(
    groups.flatMap(({ example, rollouts }) => {
      const task = taskOf(tasks, example);
      return rollouts.map(({ reading, response }) => ({
        example,
        task,
        steps: reading.steps,
        answer: reading.answer,
        tokens: response.tokens.length,
      }));
    }),
  );
}

/** {@link formOf} as metrics; the tokens are there as `tokens_mean`. */
export const formMetrics = (form: FormLook): MetricRow => ({
  duplicate_steps: form.duplicateSteps,
  quotations: form.quotations,
  quotations_ungrounded: form.ungrounded,
  deciding_true: form.decidingTrue,
  no_statement: form.noStatement,
});

/** What the groups have to learn from, and which signal decides. */
export function spreadMetrics(groups: readonly Group[], scheme: AdvantageScheme): MetricRow {
  const totals = groups.map((g) => g.rollouts.map((r) => r.rewards.total));
  const verifiable = groups.map((g) => g.rollouts.map((r) => r.rewards.verifiable));
  return {
    reward_std: mean(totals.map(populationStd)),
    groups_without_spread: share(totals, (values) => !hasSpread(values)),
    groups_tied_verifiable: share(verifiable, (values) => !hasSpread(values)),
    advantage_share: advantageShares(groups, scheme),
  };
}

/** Of the optimizer steps on a batch. Entropy: mean nats a sampled token, of the sampler (−E log π at temperature 1). */
export function updateMetrics(stats: UpdateStats, groups: readonly Group[]): MetricRow {
  const ratios = stats.terms.map((term) => term.ratio);
  const sampled = groups.flatMap((g) => g.rollouts.flatMap((r) => r.response.logprobs));
  const any = stats.terms.length > 0;
  // Roll-outs without advantage aren't sent, have an objective of 0 and count in N.
  const all = groups.reduce((sum, group) => sum + group.rollouts.length, 0);
  return {
    learning_rate: stats.learningRate,
    objective: any ? stats.terms.reduce((sum, term) => sum + term.objective, 0) / all : null,
    ratio_mean: any ? mean(ratios) : null,
    ratio_max: any ? largest(ratios) : null,
    clip_low: mean(stats.terms.map((term) => term.clipped.low)),
    clip_high: mean(stats.terms.map((term) => term.clipped.high)),
    entropy: -mean(sampled),
    sampler_gap_mean: any ? mean(stats.gaps) : null,
    sampler_gap_max: any ? largest(stats.gaps) : null,
    packing_gap_mean: meanOrNull(stats.packingGaps),
    packing_gap_max: stats.packingGaps.length > 0 ? largest(stats.packingGaps) : null,
    grad_norm: meanOrNull(stats.gradNorms),
    updates_skipped: stats.skipped,
    ...(stats.kl === undefined ? {} : { kl: meanOrNull(stats.kl) }),
    ...(stats.entropyPushed === undefined ? {} : { entropy_pushed: stats.entropyPushed }),
  };
}

/**
 * Share of each weighted signal in the variance of the advantages A, pooled over groups: cov(its part of A, A)/var(A). So
 * a group tied in the verifiable part counts with all the weight that its advantages have. The shares sum to 1; all are 0
 * when nothing varies.
 */
export function advantageShares(groups: readonly Group[], scheme: AdvantageScheme): Readonly<Record<string, number>> {
  const parts = groups.map((group) => signalParts(group, scheme));
  const names = [...new Set(parts.flatMap((part) => Object.keys(part)))];
  const own = (name: string): number[] => groups.flatMap((group, g) => parts[g]?.[name] ?? group.rollouts.map(() => 0));
  const rows = names.map((name) => [name, own(name)] as const);
  const total = (rows[0]?.[1] ?? []).map((_, i) => rows.reduce((sum, [, row]) => sum + (row[i] ?? 0), 0));
  const variance = mean(total.map((x) => x * x));
  return Object.fromEntries(
    rows.map(([name, row]) => [name, variance > 0 ? mean(row.map((x, i) => x * (total[i] ?? 0))) / variance : 0]),
  );
}

const tagsOf = (rollout: Rollout): string[] => rollout.reading.steps.flatMap((step) => step.tag ?? []);

function tagCounts(rollouts: readonly Rollout[]): Readonly<Record<string, number>> {
  // A map: a tag may be called like what every object has ("constructor").
  const counts = new Map<string, number>();
  for (const tag of rollouts.flatMap(tagsOf)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((v) => v !== null);
  return known.length === 0 ? null : mean(known);
}
