import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import type { QueryId, ShownExample } from "../data/types.ts";
import { readResponse } from "../prompts/response.ts";
import { rewardMetrics, spreadMetrics, updateMetrics } from "./metrics.ts";
import type { Group, Rollout } from "./rollout.ts";
import type { UpdateStats } from "./update.ts";

const example: ShownExample = {
  task: "LaMP_2",
  id: "q" as QueryId,
  user: null,
  input: "?",
  historyItems: 0,
  shown: [],
  gold: "comedy",
};
const task = loadTask(example.task);

/** A chain of these tags with a readable answer. */
const chain = (...tags: string[]): string =>
  `<think>${tags.map((tag) => `<${tag}>so</${tag}>`).join("")}</think>comedy`;
/** Well framed, but no label to read and no tag. */
const UNTAGGED = "<think>so</think>a film";
const CUT_OFF = "<think><plan>and so";

/** `nats`: the sampler's log-probs, one a token; `signals`: verifiable, format, repetition, tag, personalization. */
function rollout(
  text: string,
  nats: readonly number[],
  signals: readonly [number, number, number, number, number],
  total: number,
  logit: number | null,
): Rollout {
  const [verifiable, format, repetition, tag, personalization] = signals;
  const truncated = text === CUT_OFF;
  return {
    response: { text, tokens: nats.map((_, t) => t), logprobs: nats, truncated },
    reading: readResponse(text, { task, truncated }),
    rewards: { verifiable, format, repetition, tag, personalization, grounding: 0, total },
    logit,
  };
}
const group = (...rollouts: Rollout[]): Group => ({
  example,
  prompt: [1],
  rollouts,
});

const signals = { verifiable: 1, format: 0, repetition: 0, tag: 0, personalization: 0, grounding: 0 };
const weightsFor = () => signals;

/** Totals are not the signals' sum here, so that no metric can stand in for another. */
const groups = [
  // The verifiable reward tells the two apart.
  group(
    rollout(chain("plan", "recall", "decide"), [-1, -1, -1, -1], [1, 1, -0.5, 0, 0.5], 3, 2),
    rollout(UNTAGGED, [-2], [0, 0, 0, -1, 0], 0, null),
  ),
  // Both right, both half right: tied there, but not in all.
  group(
    rollout(chain("plan", "decide"), [-1, -1, -2], [1, 1, 0, 0, 0.25], 1, -1),
    rollout(chain("recall"), [-0.5, -0.5], [1, 1, -0.5, -1, 0], 0.5, 0),
  ),
  group(
    rollout(chain("plan"), [-1, -1], [0.5, 1, 0, 0, 0.25], 1, 1),
    rollout(chain("decide", "plan"), [-2, -2], [0.5, 1, 0, -1, 0], 1.5, 0),
  ),
  // No spread at all.
  group(
    rollout(CUT_OFF, [-1, -1, -1, -1, -1], [0, 0, 0, -1, 0], 0, null),
    rollout(chain("plan", "recall"), [-1], [0, 1, 0, -1, 0], 0, 1),
  ),
];

describe("metrics of rewards", () => {
  const row = rewardMetrics(groups, true);
  it("are means over the 8 roll-outs", () => {
    expect(row).toEqual({
      reward: 7 / 8,
      reward_verifiable: 4 / 8,
      reward_format: 6 / 8,
      reward_repetition: -1 / 8,
      reward_tag: -5 / 8,
      reward_personalization: 1 / 8,
      reward_grounding: 0,
      // The best of each group: 1, 1, 0.5, 0.
      best_of_group: 2.5 / 4,
      // 4 + 1 + 3 + 2 + 2 + 2 + 5 + 1 tokens.
      tokens_mean: 20 / 8,
      tokens_max: 5,
      truncated: 1 / 8,
      // The one that was cut off and the one whose answer is no label.
      looping: 0,
      unreadable: 2 / 8,
      // A tag reward of 0: nothing to punish.
      tag_valid: 3 / 8,
      tags_per_response: 11 / 8,
      tag_counts: { plan: 5, decide: 3, recall: 3 },
      // 2 − 1 + 0 + 1 + 0 + 1 over the six that were scored.
      prmu_logit: 3 / 6,
    });
    // The most frequent first, ties by name.
    expect(Object.keys(row.tag_counts ?? {})).toEqual(["plan", "decide", "recall"]);
  });
  it("know no personalization reward without a reward model", () => {
    const unscored = groups.map((g) => ({ ...g, rollouts: g.rollouts.map((r) => ({ ...r, logit: null })) }));
    expect(rewardMetrics(unscored, false)).toEqual({ ...row, reward_personalization: null, prmu_logit: null });
  });
});

it("metrics of spread tell groups without any from those tied in the verifiable part", () => {
  expect(spreadMetrics(groups, { config: { advantages: "group", advantage_delta: 1e-6 }, weightsFor })).toMatchObject({
    // Population deviations of (3, 0), (1, 0.5), (1, 1.5), (0, 0): half their distances.
    reward_std: (1.5 + 0.25 + 0.25 + 0) / 4,
    groups_without_spread: 1 / 4,
    groups_tied_verifiable: 3 / 4,
  });
});

describe("metrics of optimizer steps", () => {
  const term = (ratio: number, objective: number, clipped: "low" | "high" | null) => ({
    ...{ ratio, objective, gradient: [0] },
    clipped: { low: clipped === "low" ? 1 : 0, high: clipped === "high" ? 1 : 0 },
  });
  const stats: UpdateStats = {
    terms: [
      term(0.5, -0.75, "low"),
      term(0.75, 0.25, null),
      term(1, 1, null),
      term(1.25, 1, "high"),
      term(2, 0.5, "high"),
    ],
    gaps: [0.5, 0.5, 0.25, 0, 0.25],
    packingGaps: [0.125, 0.375],
    gradNorms: [2, null, 4],
    learningRate: 1e-5,
    skipped: 1,
  };
  it("are over what was sent; the objective's N and the entropy are over all roll-outs", () => {
    expect(updateMetrics(stats, groups)).toEqual({
      learning_rate: 1e-5,
      // Five terms sum to 2; the three roll-outs that were not sent count as 0.
      objective: 2 / 8,
      ratio_mean: 5.5 / 5,
      ratio_max: 2,
      clip_low: 1 / 5,
      clip_high: 2 / 5,
      // 4 + 2 + 4 + 1 + 2 + 4 + 5 + 1 nats over 20 tokens; a mean of the responses' means would be 1.23.
      entropy: 23 / 20,
      sampler_gap_mean: 1.5 / 5,
      sampler_gap_max: 0.5,
      packing_gap_mean: 0.25,
      packing_gap_max: 0.375,
      // Where the engine said it.
      grad_norm: 3,
      updates_skipped: 1,
    });
  });
  it("are null where nothing was sent", () => {
    const nothing = { terms: [], gaps: [], packingGaps: [], gradNorms: [], learningRate: 1e-5, skipped: 2 };
    expect(updateMetrics(nothing, groups)).toEqual({
      learning_rate: 1e-5,
      objective: null,
      ratio_mean: null,
      ratio_max: null,
      clip_low: 0,
      clip_high: 0,
      entropy: 23 / 20,
      sampler_gap_mean: null,
      sampler_gap_max: null,
      packing_gap_mean: null,
      packing_gap_max: null,
      grad_norm: null,
      updates_skipped: 2,
    });
  });
});
