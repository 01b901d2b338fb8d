import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { batchAt } from "../core/batches.ts";
import { configSchema } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { silent } from "../core/progress.ts";
import { openLoop } from "../core/run-dir.ts";
import { adamAt } from "../engine/loop.ts";
import { type FakeDisk, makeDisk, makeFakeEngine } from "../engine/testing/fake-engine.ts";
import type { TrainOptions } from "../engine/types.ts";
import {
  base,
  chainFor,
  codec,
  makeExamples,
  newMemory,
  openMemory,
  promptOf,
  runKilled,
  runWhole,
  STEPS,
  tasks,
} from "../prompts/testing/tiny-world.ts";
import type { Rewards } from "../rewards/compute.ts";
import type { OwnItem } from "../rewards/own.ts";
import { SIGNALS, type Signal, weightsOf } from "../rewards/weights.ts";
import type { AdvantageScheme } from "./advantages.ts";
import { crossEntropyDatum } from "./datum.ts";
import { groupAdvantages } from "./group-advantages.ts";
import { advantageShares } from "./metrics.ts";
import { miniBatches, type RlOptions, trainRl } from "./rl.ts";
import type { Group } from "./rollout.ts";

const examples = makeExamples(23);
const config = {
  ...base.guided,
  epochs: 2.6,
  batch: 8,
  updates: 2,
  validate_every: 3,
  checkpoint_every: 2,
  learning_rate: 0.05,
  clip_low: 0.1,
  clip_high: 0.2,
  max_tokens: 9,
};

/** A disk with a policy that knows the form and guesses the answer. */
async function afterSft(): Promise<{ disk: FakeDisk; model: string }> {
  const disk = makeDisk();
  const training = await makeFakeEngine({ vocab: codec.vocab, disk }).train({ model: "base", rank: 0, seed: 0 });
  const data = ["comedy", "dystopia", "romance", "hm"].map((answer) =>
    crossEntropyDatum(promptOf(), [...codec.encode(chainFor(answer)), 0], 1),
  );
  for (let i = 0; i < 60; i++) {
    await training.forwardBackward(data, "cross_entropy");
    await training.optimStep(adamAt({ ...base.sft, learning_rate: 0.1 }, 0, 1));
  }
  return { disk, model: await training.saveForSampler("sft") };
}

const train =
  (model: string, more: Partial<RlOptions> = {}) =>
  (engine: RlOptions["engine"], log: RlOptions["log"]) =>
    trainRl({
      stage: "guided",
      engine,
      model,
      codec,
      promptOf,
      tasks,
      tags: STEPS,
      rewards: base.rewards,
      config,
      scorer: null,
      examples,
      dev: makeExamples(5),
      seed: 1,
      log,
      progress: silent,
      clock: () => 0,
      ...more,
    });

/** How often each of `n` elements comes in `epochs` passes, by DESIGN: whole passes, then the part of the last. */
function batchesOf(n: number, epochs: number): [number, number][] {
  const walk = { seed: 1, name: "guided", labels: Array.from({ length: n }, () => "LaMP_2"), batch: n, epochs };
  const seen = [0, 1, 2].flatMap((epoch) => batchAt(walk, epoch));
  return Array.from({ length: n }, (_, i) => [i, seen.filter((k) => k === i).length]);
}

function timesTrained(samples: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of samples as { kind?: string; queries?: string[] }[])
    for (const query of row.kind === "batch" ? (row.queries ?? []) : [])
      counts.set(query, (counts.get(query) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => Number(a.slice(8)) - Number(b.slice(8))));
}

const trained = (run: { metrics: readonly unknown[] }) =>
  (run.metrics as Record<string, unknown>[]).filter((row) => row.kind === "train");

it("a group tied in the verifiable part has the share that its advantages have", () => {
  const group = (verifiable: number[], personalization: number[]): Group => {
    const rollouts = verifiable.map((v, i) => {
      const p = personalization[i] ?? 0;
      return { rewards: { verifiable: v, format: 1, repetition: 0, tag: 0, personalization: p, total: v + 0.2 * p } };
    });
    return { example: { task: "t" }, rollouts } as unknown as Group;
  };
  const weights = { verifiable: 1, format: 0, repetition: 0, tag: 0, personalization: 0.2, grounding: 0 };
  const scheme = (delta: number): AdvantageScheme => ({
    config: { advantages: "group", advantage_delta: delta },
    weightsFor: () => weights,
  });
  const shares = advantageShares([group([1, 0], [0.5, 0.5]), group([0, 0], [0.6, 0.5])], scheme(1e-9));
  expect(shares.verifiable).toBeCloseTo(0.5, 6);
  expect(shares.personalization).toBeCloseTo(0.5, 6);
  // A large δ damps the group whose rewards hardly differ.
  expect(
    advantageShares([group([1, 0], [0.5, 0.5]), group([0, 0], [0.6, 0.5])], scheme(0.05)).verifiable,
  ).toBeGreaterThan(0.95);
});

describe("RL", () => {
  for (const native of [true, false])
    it(`learns to answer right, ${native ? "with the engine's gspo" : "with its gradient computed here"}`, async () => {
      const { disk, model } = await afterSft();
      const more = { config: { ...config, epochs: 12, native_gspo: native } };
      const run = await runWhole(train(model, more), disk);
      const curve = trained(run).map((row) => Number(row.reward_verifiable));
      expect(run.result.probe.pass1).toBeLessThan(0.5);
      expect(run.result.probe.passK).toBeGreaterThan(0.6);
      expect(curve.at(-1)).toBeGreaterThan(0.9);
    });

  it("ends with the same metrics and samples however often it is killed", async () => {
    const { disk, model } = await afterSft();
    const before = disk.saved.size;
    const whole = await runWhole(train(model), disk);
    const kept = disk.saved.size - before;
    let kills = 0;
    for (let seed = 0; seed < 24; seed++) {
      const there = disk.saved.size;
      const killed = await runKilled(train(model), seed, { disk });
      expect(disk.saved.size - there).toBe(kept); // no weights are left behind by a kill
      expect(disk.saved.has(killed.result.path)).toBe(true);
      kills += killed.kills;
      expect(killed.metrics).toEqual(whole.metrics);
      expect(killed.samples).toEqual(whole.samples);
      expect(killed.result.validations).toEqual(whole.result.validations);
      expect(killed.result.step).toBe(whole.result.step);
    }
    expect(kills).toBeGreaterThan(100);
    expect(timesTrained(whole.samples)).toEqual(
      new Map(batchesOf(23, 2.6).map(([query, times]) => [`LaMP_2/q${query}`, times])),
    );
  });

  it("with every lever ends with the same metrics and samples however often it is killed, and logs what each does", async () => {
    const { disk, model } = await afterSft();
    const own = [
      { name: "mine", score: async (items: readonly OwnItem[]) => items.map(({ response }) => response.length / 100) },
    ];
    const rewards = {
      ...base.rewards,
      own: configSchema.parse({ rewards: { own: { mine: { module: "x" } } } }).rewards.own,
    };
    const kl = (place: "loss" | "reward") => ({ weight: 0.05, estimator: "k2", in: place }) as const;
    const levers = [
      { loss: "grpo", advantages: "decoupled", kl: kl("loss"), entropy: { floor: 2, weight: 0.01 } },
      { loss: "gspo", advantages: "decoupled", kl: kl("reward") },
    ] as const;
    for (const some of levers) {
      const lever = train(model, { own, rewards, config: { ...config, epochs: 1, ...some } });
      const whole = await runWhole(lever, disk);
      for (let seed = 0; seed < 3; seed++) {
        const killed = await runKilled(lever, seed, { disk });
        expect(killed.kills).toBeGreaterThan(0);
        expect([killed.metrics, killed.samples]).toEqual([whole.metrics, whole.samples]);
      }
      const rows = trained(whole);
      const shares = rows[0]?.advantage_share as Record<string, number>;
      expect(rows[0]?.reward_mine).toBeGreaterThan(0);
      expect(shares.mine).not.toBe(0);
      expect(Object.values(shares).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      if (some.kl.in === "reward") {
        // At the start nothing is away from it; later something is, and pays for it.
        expect(rows[0]?.reward_kl).toBeCloseTo(0, 9);
        expect(Number(rows.at(-1)?.reward_kl)).toBeLessThan(0);
      } else {
        expect(Number(rows.at(-1)?.kl)).toBeGreaterThan(0);
        expect(rows[0]?.entropy_pushed).toBe(1);
      }
    }
  });

  it("a heavy penalty in either place keeps the policy at its start", async () => {
    const { disk, model } = await afterSft();
    const right = async (more: object) =>
      Number(
        trained(await runWhole(train(model, { config: { ...config, epochs: 8, ...more } }), disk)).at(-1)
          ?.reward_verifiable,
      );
    const free = await right({});
    for (const [place, estimator] of [
      ["loss", "k3"],
      ["reward", "k1"],
    ] as const)
      expect(await right({ kl: { weight: 100, estimator, in: place } })).toBeLessThan(free - 0.2);
  });

  it("stops where a signal of one's own fails, with the responses saved and nothing updated", async () => {
    const { disk, model } = await afterSft();
    const memory = newMemory();
    const own = [
      { name: "mine", score: () => Promise.reject(new TagprError("llm", "rewards.own.mine gave no number")) },
    ];
    const rewards = configSchema.parse({ rewards: { own: { mine: { module: "x" } } } }).rewards;
    const engine = makeFakeEngine({ vocab: codec.vocab, disk });
    await expect(train(model, { own, rewards })(engine, openMemory(memory))).rejects.toThrow(/gave no number/);
    expect(memory.stopped.at(-1)).toMatchObject({ kind: "own_signal", what: "rewards.own.mine gave no number" });
  });

  it("stops at a reward that is no number, with the groups saved and nothing updated", async () => {
    const { disk, model } = await afterSft();
    const memory = newMemory();
    const scorer = {
      centre: { mean: 0, spread: 1 },
      score: async (items: readonly unknown[]) => items.map(() => Number.NaN),
    };
    const calls: string[] = [];
    const engine = makeFakeEngine({ vocab: codec.vocab, disk, onCall: (name) => void calls.push(name) });
    await expect(train(model, { scorer })(engine, openMemory(memory))).rejects.toThrow(/a reward is not finite/);
    expect(calls).not.toContain("optim_step");
    expect(memory.stopped).toMatchObject([{ kind: "not_finite", what: "a reward" }]);
  });

  it("keeps the responses that the reward model's engine finds a NaN in", async () => {
    const { disk, model } = await afterSft();
    const memory = newMemory();
    const scorer = {
      centre: { mean: 0, spread: 1 },
      score: () => Promise.reject(new TagprError("engine", "the loss is nan in the piece that begins with datum 0")),
    };
    const engine = makeFakeEngine({ vocab: codec.vocab, disk });
    await expect(train(model, { scorer })(engine, openMemory(memory))).rejects.toThrow(/the loss is nan/);
    const kept = memory.stopped.at(-1) as { kind: string; batch: { query: string; texts: string[] }[] };
    expect(kept.kind).toBe("not_finite");
    expect(kept.batch[0]?.texts).toHaveLength(config.rollouts);
  });

  it("keeps as many checkpoints as asked, and the best weights", async () => {
    const { disk, model } = await afterSft();
    const { result } = await runWhole(train(model, { config: { ...config, keep_checkpoints: 3 } }), disk);
    const states = [...disk.saved.keys()].filter((path) => path.includes("/weights/"));
    expect(states).toHaveLength(3);
    expect(states).toContain(result.state);
    expect(disk.saved.has(result.path)).toBe(true);
  });

  it("gives a hint when groups stay without spread, not at every batch", async () => {
    const said: string[] = [];
    const { disk, model } = await afterSft();
    const progress = { ...silent, say: (line: string) => void said.push(line) };
    await runWhole(train(model, { config: { ...config, epochs: 20 }, progress }), disk);
    const hints = said.filter((line) => line.includes("no spread and given no gradient"));
    expect(hints.length).toBeGreaterThan(0);
    expect(hints.length).toBeLessThan(5);
  });

  it("the same on files, byte for byte", async () => {
    const { disk, model } = await afterSft();
    const [a, b] = [0, 1].map(() => mkdtempSync(join(tmpdir(), "tagpr-rl-"))) as [string, string];
    const read = (dir: string): string[] =>
      ["metrics.jsonl", "samples.jsonl"].map((f) => readFileSync(join(dir, f), "utf8"));
    await train(model)(makeFakeEngine({ vocab: codec.vocab, disk }), openLoop(a));
    await runKilled(train(model), 1, { disk, open: () => openLoop(b) });
    expect(read(b)).toEqual(read(a));
  });

  it("trains on 2.6 epochs of prompts, in batches of 8 with one optimizer step a mini-batch", async () => {
    const { disk, model } = await afterSft();
    const calls: string[] = [];
    const engine = makeFakeEngine({ vocab: codec.vocab, disk, onCall: (name) => void calls.push(name) });
    const run = await runWhole((_, log) => train(model)(engine, log));
    // round(2.6 · 23) = 60 prompts: 7 batches of 8 and one of 4, which is one mini-batch.
    expect(trained(run)).toHaveLength(8);
    const steps = calls.filter((name) => name === "optim_step").length;
    const skipped = trained(run).reduce((sum, row) => sum + Number(row.updates_skipped), 0);
    expect(steps + skipped).toBe(15);
  });

  it("logs what an expert looks for", async () => {
    const { disk, model } = await afterSft();
    const run = await runWhole(train(model), disk);
    const first = trained(run)[0] ?? {};
    for (const name of [
      "reward",
      "reward_verifiable",
      "reward_format",
      "reward_repetition",
      "reward_tag",
      "reward_personalization",
      "ratio_mean",
      "ratio_max",
      "clip_low",
      "clip_high",
      "entropy",
      "sampler_gap_mean",
      "packing_gap_mean",
      "grad_norm",
      "groups_without_spread",
      "groups_tied_verifiable",
      "tokens_mean",
      "truncated",
      "tags_per_response",
      "tag_counts",
      "advantage_share",
      "duplicate_steps",
      "quotations",
      "quotations_ungrounded",
    ])
      expect(first).toHaveProperty(name);
    // The fake engine packs nothing; the first batch of ten is measured.
    expect(trained(run).map((row) => row.packing_gap_max)).toEqual([0, ...Array.from({ length: 7 }, () => null)]);
    const shares = first.advantage_share as Record<string, number>;
    expect(Object.values(shares).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    expect(JSON.stringify(first)).not.toMatch(/second|time/);
  });

  it("logs the components of the very reward that is trained on", async () => {
    const { disk, model } = await afterSft();
    const run = await runWhole(train(model), disk);
    const weights = weightsOf({ rewards: base.rewards, stage: "guided", own: config.rewards }, "LaMP_2");
    const sum = (of: (signal: Signal) => number): number => SIGNALS.reduce((s, x) => s + weights[x] * of(x), 0);
    for (const row of trained(run))
      expect(row.reward).toBeCloseTo(
        sum((x) => Number(row[`reward_${x}`])),
        9,
      );
    const rows = run.samples as { step: number; kind?: string; rewards: Rewards; advantage: number }[];
    const group = rows.filter((row) => row.step === 1 && row.kind !== "batch");
    for (const { rewards } of group)
      expect(rewards.total).toBeCloseTo(
        sum((x) => rewards[x]),
        12,
      );
    const totals = group.map(({ rewards }) => rewards.total);
    expect(group.map((row) => row.advantage)).toEqual(groupAdvantages(totals, config.advantage_delta));
  });

  it("keeps the best weights by dev score, and the start where nothing was better", async () => {
    const { disk, model } = await afterSft();
    const { result } = await runWhole(train(model, { config: { ...config, epochs: 8 } }), disk);
    expect(result.score).toBe(1);
    expect(disk.saved.has(result.path)).toBe(true);
    const nothing = await runWhole(train(model, { dev: makeExamples(5, () => "action") }), disk);
    expect(nothing.result).toMatchObject({ path: model, step: 0, score: 0 });
  });

  it("says so instead of training when there is nothing to select", async () => {
    const said: string[] = [];
    const { disk, model } = await afterSft();
    const unreachable = { examples: makeExamples(5, () => "action"), config: { ...config, temperature: 1e-9 } };
    const progress = { ...silent, say: (line: string) => void said.push(line) };
    const run = await runWhole(train(model, { ...unreachable, progress }), disk);
    expect(said.join(" ")).toMatch(/nothing to select/);
    expect(trained(run)).toEqual([]);
    expect(run.result).toMatchObject({ path: model, step: 0, state: null });
  });

  it("asks the reward model about readable responses alone, and trains on what it says", async () => {
    const { disk, model } = await afterSft();
    const asked: string[] = [];
    const scorer = {
      centre: { mean: 0, spread: 1 },
      score: async (items: readonly { text: string }[]) => {
        asked.push(...items.map((item) => item.text));
        return items.map((item) => (item.text.endsWith("romance") ? 3 : -3));
      },
    };
    const rewards = { ...base.rewards, verifiable: 0, personalization: 1 };
    const run = await runWhole(train(model, { scorer, rewards, config: { ...config, epochs: 8 } }), disk);
    expect(asked.some((text) => text.endsWith("hm"))).toBe(false);
    expect(Number(trained(run).at(-1)?.reward_personalization)).toBeGreaterThan(0.8);
  });

  it("keeps or resets the optimizer of the stage before, as asked", async () => {
    const { disk, model } = await afterSft();
    const first = await runWhole(train(model), disk);
    const before = first.result.state ?? "";
    // Both from the same weights, the last ones: what differs is the optimizer.
    const run = async (reset_optimizer: boolean) =>
      trained(
        await runWhole(train(before, { before, stage: "explore", config: { ...config, reset_optimizer } }), disk),
      );
    const [own, other] = [await run(false), await run(true)];
    const sampled = (rows: Record<string, unknown>[]) => [rows[0]?.reward, rows[0]?.tokens_mean, rows[0]?.unreadable];
    expect(sampled(own)).toEqual(sampled(other));
    expect(own).not.toEqual(other);
  });

  it("with a kept optimizer goes on from the last weights, and answers those where nothing was better", async () => {
    const { disk, model } = await afterSft();
    const first = await runWhole(train(model), disk);
    const before = first.result.state ?? "";
    const still = { ...config, learning_rate: 1e-12, reset_optimizer: false };
    const next = await runWhole(train(model, { before, stage: "explore", config: still }), disk);
    expect(next.result).toMatchObject({ step: 0, path: expect.stringContaining("explore-best-0") });
    expect(disk.saved.has(next.result.path)).toBe(true);
    // They are the first stage's last weights, not the ones that `model` names.
    const answer = async (path: string) =>
      (await makeFakeEngine({ vocab: codec.vocab, disk }).sampler(path)).sample([
        { prompt: promptOf(), numSamples: 20, seed: 1, params: { maxTokens: 9, temperature: 1 } },
      ]);
    const logprobs = async (path: string) => (await answer(path)).flat().map((sequence) => sequence.logprobs);
    expect(await logprobs(next.result.path)).toEqual(await logprobs(before));
    expect(await logprobs(next.result.path)).not.toEqual(await logprobs(model));
  });

  it("says what a second model is for where the engine refuses one, before anything is sampled", async () => {
    const { disk, model } = await afterSft();
    const calls: string[] = [];
    const engine = makeFakeEngine({ vocab: codec.vocab, disk, onCall: (name) => void calls.push(name) });
    let models = 0;
    const single = {
      ...engine,
      train: (options: TrainOptions) =>
        models++ === 0 ? engine.train(options) : Promise.reject(new TagprError("engine", "refused create_model: busy")),
    };
    const asked = train(model, { config: { ...config, kl: { ...config.kl, weight: 0.1 } } });
    await expect(asked(single, openMemory(newMemory()))).rejects.toMatchObject({
      code: "engine",
      message: expect.stringMatching(/^kl needs a second model.*refused create_model: busy$/),
      hint: expect.stringContaining("two models at once"),
    });
    expect(calls.filter((name) => name.startsWith("sample"))).toEqual([]);
  });

  it("with a kept optimizer measures `kl` to the last weights, which it goes on from", async () => {
    const { disk, model } = await afterSft();
    const before = (await runWhole(train(model), disk)).result.state ?? "";
    const still = { ...config, learning_rate: 1e-12, reset_optimizer: false, kl: { ...config.kl, weight: 0.1 } };
    const rows = trained(await runWhole(train(model, { before, stage: "explore", config: still }), disk));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(Number(row.kl)).toBeCloseTo(0, 9);
  });

  it("cuts a batch into mini-batches whose N counts roll-outs without a gradient", () => {
    const rollout = { response: { tokens: [1, 0], logprobs: [-1, -1] } };
    const group = (advantages: number[]) => ({ prompt: [1], rollouts: advantages.map(() => rollout), advantages });
    const groups = [group([1, -1]), group([0, 0]), group([2, -2])] as unknown as Parameters<typeof miniBatches>[0];
    expect(miniBatches(groups, 2).map((b) => [b.sequences.length, b.total])).toEqual([
      [2, 4],
      [2, 2],
    ]);
  });
});
