import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silent } from "../core/progress.ts";
import { stream } from "../core/random.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import { type Embedded, startEmbedded } from "../engine/embedded.ts";
import { Killed, killAfter } from "../engine/testing/fake-engine.ts";
import { makeTinyModel, testPython } from "../engine/testing/tiny-model.ts";
import type { Engine, TrainingClient } from "../engine/types.ts";
import { scorable } from "../prmu/centre.ts";
import { buildPairs } from "../prmu/pairs.ts";
import { samplePairSources } from "../prmu/sample.ts";
import { makeScorer } from "../prmu/score.ts";
import { trainPrmu } from "../prmu/train.ts";
import { loadRenderer } from "../prompts/renderer.ts";
import { base, chainFor, makeExamples, newMemory, openMemory, STEPS, tasks } from "../prompts/testing/tiny-world.ts";
import { completionOf, crossEntropyDatum, gspoDatum } from "./datum.ts";
import { gspoTerm } from "./gspo.ts";
import { trainRl } from "./rl.ts";
import { trainSft } from "./sft.ts";
import { sftItems } from "./sft-items.ts";
import { type MiniBatch, updateOnBatch } from "./update.ts";

/** The loops on the real engine, fp32, one thread, a random Qwen3 of some thousand parameters. */
const dir = mkdtempSync(join(tmpdir(), "tagpr-policy-"));
const model = join(dir, "tiny");
const tags = STEPS.flatMap((tag) => [`<${tag}>`, `</${tag}>`]);
const ANSWERS = ["comedy", "dystopia", "romance"];
let embedded: Embedded;
const start = (dtype: "float32" | "bfloat16", tokenBudget: number): Promise<Embedded> =>
  startEmbedded({
    python: testPython(process.env),
    models: [model],
    store: join(dir, `store-${dtype}`),
    modelsDir: join(dir, "models"),
    dtype,
    device: "cpu",
    threads: 1,
    tokenBudget,
    env: process.env,
  });
beforeAll(async () => {
  makeTinyModel(model, ["?", "<think>", "</think>", ...tags, "as", "before", ...ANSWERS]);
  embedded = await start("float32", 8192);
}, 240_000);
afterAll(async () => {
  await embedded?.close();
  rmSync(dir, { recursive: true, force: true });
});

const noLog = openMemory(newMemory());

describe("GSPO on the real engine", () => {
  for (const [loss, clip_low, clip_high] of [
    ["gspo", 1e-4, 2e-4],
    ["grpo", 1e-3, 2e-3],
  ] as const)
    it(`moves the weights by the same gradients with the engine's own loss and with our ${loss}, clips acting`, async () => {
      const random = stream("engine-gspo");
      const miniBatches: MiniBatch[] = [0, 1, 2].map(() => ({
        total: 5,
        sequences: [0, 1, 2, 3].map((k) => {
          const tokens = Array.from({ length: 2 + random.int(5) }, () => random.int(14));
          return { prompt: [3, 4, k % 2], tokens, sampled: tokens.map(() => -1), advantage: k % 2 === 0 ? 1.5 : -0.7 };
        }),
      }));
      // With so large an ε AdamW's step is all but proportional to the gradient.
      const config = { ...base.guided, loss, clip_low, clip_high, eps: 100, learning_rate: 1, beta1: 0, beta2: 0 };
      const updated = async (native: boolean) => {
        const training = await embedded.engine.train({ model, rank: 0, seed: 1 });
        const options = { training, config, native, totalSteps: 9, measurePacking: false, log: noLog };
        const stats = await updateOnBatch(miniBatches, { ...options, step: 0 });
        const again = await updateOnBatch(miniBatches.slice(0, 1), { ...options, step: 3 });
        return {
          norms: [...stats.gradNorms, ...again.gradNorms],
          clipped: stats.terms.map((t) => t.clipped),
          ratios: stats.terms.map((t) => t.ratio),
        };
      };
      const [own, ours] = [await updated(true), await updated(false)];
      expect(ours.clipped).toEqual(own.clipped);
      expect(own.clipped.filter((c) => c.low + c.high > 0).length).toBeGreaterThan(0);
      expect(own.clipped.filter((c) => c.low + c.high === 0).length).toBeGreaterThan(4);
      for (const [i, norm] of own.norms.entries()) expect((ours.norms[i] ?? 0) / (norm ?? 1)).toBeCloseTo(1, 4);
      for (const [i, ratio] of own.ratios.entries()) expect(ours.ratios[i]).toBeCloseTo(ratio, 6);
    });

  it("the engine's gspo is the definition computed in float64 from its log-probs", async () => {
    const random = stream("engine-gspo-value");
    const training = await embedded.engine.train({ model, rank: 0, seed: 1 });
    const clip = { low: 0.01, high: 0.02 };
    const rows = [1.5, -0.7, 0.4, -1.1, 2].map((advantage, k) => ({
      prompt: [3, 4, k % 2],
      tokens: Array.from({ length: 2 + random.int(7) }, () => random.int(14)),
      advantage,
    }));
    const now = await training.forward(
      rows.map((r) => crossEntropyDatum(r.prompt, r.tokens, 1)),
      "cross_entropy",
    );
    const shifts = [-0.05, 0.05, 0, -0.05, 0.002]; // a clip acts on the first two
    const sequences = zipStrict(zipStrict(rows, now.outputs), shifts).map(([[row, output], shift]) => {
      const logprobs = completionOf(output.logprobs, row.tokens.length);
      return { ...row, logprobs, old: logprobs.map((x) => x + shift + 0.002 * random.normal()) };
    });
    const terms = sequences.map((s) => gspoTerm(s.logprobs, s.old, s.advantage, clip));
    const n = sequences.length;
    expect(terms.map(({ clipped }) => clipped.high - clipped.low)).toEqual([1, -1, 0, 0, 0]);
    const { metrics } = await training.forwardBackward(
      sequences.map((s) => gspoDatum(s.prompt, s.tokens, s.old, s.advantage / (s.tokens.length * n))),
      "gspo",
      { clip_low_threshold: 1 - clip.low, clip_high_threshold: 1 + clip.high },
    );
    expect(metrics["loss:sum"]).toBeCloseTo(-terms.reduce((sum, t) => sum + t.objective, 0) / n, 5);
    expect(metrics["clipped:sum"]).toBe(terms.filter(({ clipped }) => clipped.high + clipped.low > 0).length);
    expect(metrics["ratio:min"]).toBeCloseTo(Math.min(...terms.map((t) => t.ratio)), 5);
    expect(metrics["ratio:max"]).toBeCloseTo(Math.max(...terms.map((t) => t.ratio)), 5);
    await training.unload();
  });
});

/** Roll-outs of the engine's own sampler, four prompts of forty tokens and more. */
async function ownRollouts(training: TrainingClient): Promise<MiniBatch[]> {
  const random = stream("engine-bf16");
  const prompts = [0, 1, 2, 3].map((k) => Array.from({ length: 40 + k }, () => 3 + random.int(13)));
  const sampling = { numSamples: 4, seed: 3, params: { maxTokens: 24, temperature: 1, stop: [] } };
  const groups = await (await training.sampler()).sample(prompts.map((prompt) => ({ prompt, ...sampling })));
  const sequences = zipStrict(prompts, groups).map(([prompt, group]) =>
    group.map(({ tokens, logprobs }, i) => ({ prompt, tokens, sampled: logprobs, advantage: i % 2 === 0 ? 1 : -1 })),
  );
  return [sequences.slice(0, 2).flat(), sequences.slice(2).flat()].map((list) => ({ sequences: list, total: 8 }));
}

describe("an unchanged policy", () => {
  const frozen = { ...base.guided, learning_rate: 0 };
  const gapsIn = async ({ engine }: Embedded) => {
    const training = await engine.train({ model, rank: 0, seed: 1 });
    const batches = await ownRollouts(training);
    const options = { training, config: frozen, step: 0, totalSteps: 9, measurePacking: true, log: noLog };
    const native = await updateOnBatch(batches, { ...options, native: true });
    const ours = await updateOnBatch(batches, { ...options, native: false });
    for (const { terms } of [native, ours]) {
      expect(terms).toHaveLength(16);
      expect(terms.map((t) => t.ratio)).toEqual(Array.from({ length: 16 }, () => 1));
    }
    await training.unload();
    return { packing: Math.max(...native.packingGaps), sampler: Math.max(...native.gaps) };
  };

  it("has ratio 1 exactly in bf16, though packing and sampling change log-probs there", async () => {
    const half = await start("bfloat16", 100); // several pieces a mini-batch
    try {
      const { packing, sampler } = await gapsIn(half);
      for (const gap of [packing, sampler]) {
        expect(gap).toBeGreaterThan(base.guided.clip_low / 10);
        expect(gap).toBeLessThan(0.1);
      }
    } finally {
      await half.close();
    }
  }, 240_000);

  it("has ratio 1 in fp32, and there both gaps are rounding", async () => {
    const { packing, sampler } = await gapsIn(embedded);
    expect(packing).toBeLessThan(1e-5);
    expect(sampler).toBeLessThan(1e-5);
  });
});

/** Dies at the `onCall`-th call of any client. The real engine lives on, with what it had saved. */
function mortal(engine: Engine, onCall: () => void): Engine {
  const guard = (client: TrainingClient): TrainingClient => {
    const wrap =
      <A extends unknown[], R>(f: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        onCall();
        const result = await f(...args);
        onCall();
        return result;
      };
    return {
      ...client,
      forward: wrap(client.forward),
      forwardBackward: wrap(client.forwardBackward),
      optimStep: wrap(client.optimStep),
      saveState: wrap(client.saveState),
      sampler: wrap(client.sampler),
    };
  };
  return { ...engine, train: async (options) => guard(await engine.train(options)) };
}

describe("SFT, PRMU and RL on the real engine", () => {
  it("learn a toy, and end with the same metrics when killed", async () => {
    const whole = await pipeline(null);
    const killed = await pipeline(7);
    expect(whole.sft).toBeLessThan(0.4);
    expect(whole.pairs).toBeGreaterThan(20);
    expect(whole.reward.at(-1)).toBeGreaterThan((whole.reward[0] ?? 1) + 0.2);
    expect(killed.kills).toBeGreaterThan(2);
    expect(killed.metrics).toEqual(whole.metrics);
  }, 600_000);
});

async function pipeline(kill: number | null) {
  const renderer = loadRenderer(model);
  const asking = { codec: renderer, promptOf: () => renderer.encode("?") };
  const examples = makeExamples(24, (i) => ANSWERS[i % 2] ?? "");
  const common = { seed: 5, progress: silent, clock: () => 0 };
  const metrics: unknown[] = [];
  const count = { kills: 0 };
  const loop = async <T>(train: (engine: Engine, log: LoopLog) => Promise<T>): Promise<T> => {
    const memory = newMemory();
    const random = stream("engine-kills", kill ?? 0);
    for (;;) {
      const engine = kill === null ? embedded.engine : mortal(embedded.engine, killAfter(20 + random.int(40)));
      try {
        const result = await train(engine, openMemory(memory));
        metrics.push(...memory.rows.metrics);
        return result;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        count.kills++;
      }
    }
  };
  const chains = examples.map((e, i) => {
    const completion = chainFor(ANSWERS[i % 3] ?? "");
    return {
      task: e.task,
      query: e.id,
      i: 0,
      completion,
      untagged: "",
      answer: "",
      split: i < 18 ? "train" : "held_out",
    } as const;
  });
  const { train, heldOut } = sftItems(chains, examples, { ...asking, maxTokens: 64 });
  const sftConfig = { ...base.sft, batch: 6, epochs: 10, learning_rate: 0.01, eval_every: 10, checkpoint_every: 6 };
  const sft = await loop((engine, log) =>
    trainSft({ name: "sft", title: "SFT", engine, model, train, heldOut, config: sftConfig, log, ...common }),
  );
  const prmuConfig = { ...base.prmu, batch: 8, epochs: 2, learning_rate: 0.003, checkpoint_every: 3, max_tokens: 24 };
  const sources = await samplePairSources({
    ...asking,
    ...common,
    sampler: await embedded.engine.sampler(sft.path),
    examples,
    tasks,
    tags: STEPS,
    promptWithout: () => renderer.encode("? ?"),
    promptWith: () => renderer.encode("?"),
    config: prmuConfig,
  });
  const { pairs } = buildPairs(sources, prmuConfig, 5);
  const prmu = await loop((engine, log) =>
    trainPrmu({
      engine,
      model,
      ...asking,
      promptWithout: () => renderer.encode("? ?"),
      responses: scorable(sources, prmuConfig.held_out, 5),
      examples,
      pairs,
      faults: [],
      tasks,
      config: prmuConfig,
      log,
      ...common,
    }),
  );
  if (prmu === null) throw new Error("no pairs");
  const scorer = await makeScorer(embedded.engine, prmu, asking);
  const rlConfig = {
    ...base.guided,
    epochs: 6,
    batch: 8,
    updates: 2,
    learning_rate: 0.003,
    clip_low: 0.1,
    clip_high: 0.2,
    max_tokens: 24,
    validate_every: 4,
    checkpoint_every: 3,
  };
  const rl = {
    ...asking,
    stage: "guided",
    tasks,
    tags: STEPS,
    rewards: base.rewards,
    config: rlConfig,
    scorer,
  } as const;
  const gold = examples.map((e) => ({ ...e, gold: "comedy" }));
  await loop((engine, log) =>
    trainRl({ ...rl, engine, model: sft.path, examples: gold, dev: gold.slice(0, 4), log, ...common }),
  );
  await scorer.close();
  const reward = (metrics as { kind: string; reward_verifiable?: number }[]).flatMap((row) =>
    row.kind === "train" && row.reward_verifiable !== undefined ? row.reward_verifiable : [],
  );
  return { metrics, kills: count.kills, sft: -(sft.score ?? 0), pairs: pairs.length, reward };
}
