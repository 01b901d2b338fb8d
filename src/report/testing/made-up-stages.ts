import { join } from "node:path";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { type Random, stream } from "../../core/random.ts";
import { DEFAULT_TAGS } from "../../core/tags.ts";

/** Files of a made-up chains stage. */
export function writeChains(run: string, seed: number): void {
  const random = stream(seed, "chains");
  const rollouts = Array.from({ length: 1600 }, (_, n) => ({
    query: `c${Math.floor(n / 16)}`,
    task: "synthetic_tag",
    i: n % 16,
    accepted: random.next() < 0.55,
  }));
  const accepted = rollouts.filter((row) => row.accepted);
  const judged = accepted.map(({ task, query, i }) => ({ task, query, i, total: 16, kept: random.next() < 0.7 }));
  const kept = judged.filter((row) => row.kept).slice(0, 400);
  const step = (tag: string): string => `<${tag}>The user likes it dark.</${tag}>`;
  const chains = kept.map(({ query, i }, n) => ({
    task: "synthetic_tag",
    query,
    i,
    completion: `<think>\n${DEFAULT_TAGS.filter(() => random.next() < 0.5)
      .map(step)
      .join("\n")}\n</think>\ncomedy`,
    split: n % 10 === 0 ? "held_out" : "train",
  }));
  const clusters = DEFAULT_TAGS.map((tag, k) => ({
    tag,
    members: [
      { name: tag, count: 90 - k },
      { name: `${tag}_deeply`, count: 7 },
    ],
  }));
  writeJsonl(join(run, "chains/rollouts.jsonl"), rollouts);
  writeJsonl(join(run, "chains/judged.jsonl"), judged);
  writeJsonl(join(run, "chains/chains.jsonl"), chains);
  writeJson(join(run, "chains/tags.json"), { tags: DEFAULT_TAGS, clusters });
  writeJson(join(run, "chains/stats.json"), {
    queries: 100,
    rollouts: rollouts.length,
    accepted: accepted.length,
    format_rejected: { "text outside of a tag": 31, "fewer than 3 steps": 12 },
    by: { teacher: "scripted", judge: "scripted", tagger: "scripted" },
    spent: { teacher: { requests: 1600, cached: 0, promptTokens: 912_000, completionTokens: 130_400, dollars: 0 } },
  });
}

/** Metrics of made-up training stages, in the fields that the loops write. */
export function writeTraining(run: string, seed: number): void {
  const random = stream(seed, "training");
  const noise = (size: number): number => size * random.normal();
  const towards = (from: number, to: number, share: number): number => to + (from - to) * Math.exp(-3 * share);
  const steps = Array.from({ length: 120 }, (_, i) => i + 1);
  writeJsonl(join(run, "sft/metrics.jsonl"), [
    { kind: "look", step: 0, loss: 2.1, dev: 0.44 },
    ...steps.flatMap((step) => [
      { kind: "train", step, loss: towards(2.1, 0.31, step / 40) + noise(0.03) },
      ...(step % 10 === 0
        ? [
            {
              kind: "look",
              step,
              loss: towards(2.1, 0.35, step / 40),
              dev: towards(0.44, 0.53, step / 60) + noise(0.008),
            },
          ]
        : []),
    ]),
  ]);
  writeJson(join(run, "sft/model.json"), { path: "tinker://sft", step: 110, score: 0.53 });
  writeJsonl(join(run, "prmu/metrics.jsonl"), [
    { kind: "held_out", step: 0, loss: Math.LN2, ...accuracies(0.5) },
    ...steps.slice(0, 60).map((step) => ({
      kind: "train",
      step,
      loss: towards(Math.LN2, 0.42, step / 30) + noise(0.02),
      accuracy: Math.min(1, towards(0.5, 0.8, step / 30) + noise(0.04)),
    })),
    { kind: "held_out", step: 60, loss: 0.45, ...accuracies(0.77) },
  ]);
  const sentences = ["PRP: better than rules that look only at length", "PQP: not shown to be better than rules"];
  writeJson(join(run, "prmu/held_out.json"), { step: 60, accepted: false, sentences });
  for (const stage of ["guided", "explore"] as const) {
    const start = stage === "guided" ? 0.5 : 0.66;
    writeJsonl(join(run, stage, "metrics.jsonl"), rlRows(random, steps, start, start + 0.15));
    writeJson(join(run, stage, "model.json"), { path: `tinker://${stage}`, step: 100, score: start + 0.15 });
  }
}

function accuracies(level: number) {
  const around = (pairs: number, accuracy: number) => ({
    pairs,
    accuracy,
    low: accuracy - 0.04,
    high: accuracy + 0.04,
  });
  const kind = { seen: around(212, level), unseen: around(64, level - 0.06) };
  const masked = { pairs: 212, accuracy: level - 0.05 };
  const length = { preferredLonger: 130, rejectedLonger: 120, equal: 26, ruleAccuracy: 0.52 };
  const lead = { difference: level - 0.52, low: level - 0.57, high: level - 0.47 };
  const none = { seen: { pairs: 0, accuracy: null }, unseen: { pairs: 30, accuracy: level } };
  return {
    accuracy: { PRP: kind, PQP: none },
    seenMasked: { PRP: masked, PQP: { pairs: 0, accuracy: null } },
    length: { PRP: length, PQP: length },
    history: { PRP: length, PQP: length },
    over: { PRP: { length: lead, history: lead }, PQP: { length: lead, history: lead } },
    controlled: {
      PRP: { length: around(180, level - 0.02), history: around(120, level - 0.03) },
      PQP: { length: around(28, level - 0.02), history: around(0, level) },
    },
    faults: { invented: around(40, level), other_profile: around(52, level) },
    calibration: [0.55, 0.65, 0.75, 0.85].map((predicted) => ({ predicted, right: predicted - 0.03, pairs: 50 })),
  };
}

function rlRows(random: Random, steps: readonly number[], from: number, to: number) {
  const around = (mean: number, size: number): number => mean + size * random.normal();
  const probe = { queries: 128, pass1: from, passK: from + 0.2, withSpread: 0.6, withVerifiableSpread: 0.5 };
  return [
    { kind: "probe", ...probe },
    { kind: "validate", step: 0, score: from },
    ...steps.flatMap((step) => {
      const right = from + (to - from) * Math.min(1, step / 90);
      const row = {
        kind: "train",
        step,
        reward: around(right + 0.15, 0.03),
        reward_verifiable: around(right, 0.03),
        reward_format: Math.min(1, around(0.98, 0.008)),
        reward_repetition: around(-0.04, 0.006),
        reward_tag: Math.min(0, around(-0.05, 0.02)),
        reward_personalization: around(0.5 + right / 10, 0.02),
        tokens_mean: around(90 - step / 12, 2),
        truncated: 0.002,
        unreadable: 0.01,
        tag_valid: 0.97,
        clip_low: 0.11,
        clip_high: 0.14,
        entropy: around(0.3 - step / 800, 0.01),
        groups_without_spread: Math.max(0, around(0.35, 0.05)),
      };
      const hacking = step === 40 ? { hacking: [`Responses grew & grew <b>.`] } : {};
      return step % 20 === 0 ? [row, { kind: "validate", step, score: around(right, 0.01), ...hacking }] : [row];
    }),
  ];
}
