import type { Task } from "../data/task.ts";
import { type Rewards, SIGNALS } from "../rewards/compute.ts";
import { type FormLook, formLook } from "../rewards/hacking.ts";
import { hasSpread } from "./gspo.ts";
import { type Group, type Rollout, taskOf } from "./rollout.ts";
import type { UpdateStats } from "./update.ts";

export type MetricRow = Readonly<Record<string, number | null | Readonly<Record<string, number>>>>;

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length);
const share = <T>(values: readonly T[], holds: (value: T) => boolean): number =>
  mean(values.map((value) => (holds(value) ? 1 : 0)));
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);

/** Rewards and form of what was said: means over all roll-outs, from the very rewards that are trained on; `scored` by a reward model, or null. */
export function rewardMetrics(groups: readonly Group[], scored: boolean): MetricRow {
  const all = groups.flatMap((group) => group.rollouts);
  const lengths = all.map((r) => r.response.tokens.length);
  return {
    reward: mean(all.map((r) => r.rewards.total)),
    ...Object.fromEntries(SIGNALS.map((signal) => [`reward_${signal}`, mean(all.map((r) => r.rewards[signal]))])),
    ...(scored ? {} : { reward_personalization: null }),
    best_of_group: mean(groups.map((g) => Math.max(...g.rollouts.map((r) => r.rewards.verifiable)))),
    tokens_mean: mean(lengths),
    tokens_max: largest(lengths),
    truncated: share(all, (r) => r.response.truncated),
    unreadable: share(all, (r) => r.reading.answer === null),
    tag_valid: share(all, (r) => r.rewards.tag === 0),
    tags_per_response: mean(all.map(tagsOf).map((tags) => tags.length)),
    tag_counts: tagCounts(all),
    prmu_logit: meanOrNull(all.map((r) => r.logit)),
  };
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
});

/** What the groups have to learn from, and which signal decides. */
export function spreadMetrics(
  groups: readonly Group[],
  weights: Readonly<Record<string, number>>,
  delta: number,
): MetricRow {
  const totals = groups.map((g) => g.rollouts.map((r) => r.rewards.total));
  const verifiable = groups.map((g) => g.rollouts.map((r) => r.rewards.verifiable));
  return {
    reward_std: mean(totals.map(populationStd)),
    groups_without_spread: share(totals, (values) => !hasSpread(values)),
    groups_tied_verifiable: share(verifiable, (values) => !hasSpread(values)),
    advantage_share: advantageShares(groups, weights, delta),
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
    clip_low: share(stats.terms, (term) => term.clipped === "low"),
    clip_high: share(stats.terms, (term) => term.clipped === "high"),
    entropy: -mean(sampled),
    sampler_gap_mean: any ? mean(stats.gaps) : null,
    sampler_gap_max: any ? largest(stats.gaps) : null,
    packing_gap_mean: meanOrNull(stats.packingGaps),
    packing_gap_max: stats.packingGaps.length > 0 ? largest(stats.packingGaps) : null,
    grad_norm: meanOrNull(stats.gradNorms),
    updates_skipped: stats.skipped,
  };
}

/**
 * Share of each weighted signal in the variance of the advantages: cov(w·signal/(std + δ), A)/var(A), std that of the
 * group's rewards, pooled over groups. So a group tied in the verifiable part counts with all the weight that its
 * advantages have. The shares sum to 1; all are 0 when nothing varies.
 */
export function advantageShares(
  groups: readonly Group[],
  weights: Readonly<Record<string, number>>,
  delta: number,
): Readonly<Record<string, number>> {
  const centred = (pick: (r: Rewards) => number): number[] =>
    groups.flatMap((group) => {
      const values = group.rollouts.map((r) => pick(r.rewards));
      const middle = mean(values);
      const scale = populationStd(group.rollouts.map((r) => r.rewards.total)) + delta;
      return values.map((v) => (v - middle) / scale);
    });
  const total = centred((r) => r.total);
  const variance = mean(total.map((x) => x * x));
  return Object.fromEntries(
    SIGNALS.map((signal) => {
      const own = centred((r) => (weights[signal] ?? 0) * r[signal]);
      return [signal, variance > 0 ? mean(own.map((x, i) => x * (total[i] as number))) / variance : 0];
    }),
  );
}

const tagsOf = (rollout: Rollout): string[] => rollout.reading.steps.flatMap((step) => step.tag ?? []);

function tagCounts(rollouts: readonly Rollout[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const tag of rollouts.flatMap(tagsOf)) counts[tag] = (counts[tag] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}

function populationStd(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((v) => (v - middle) ** 2)));
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((v) => v !== null);
  return known.length === 0 ? null : mean(known);
}
