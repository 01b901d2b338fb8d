import { describe, expect, it } from "vitest";
import { configSchema, type RlConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { adamStep, type Bigram, logSoftmax, makeBigram, runLoss } from "../engine/testing/bigram.ts";
import { makeFakeEngine } from "../engine/testing/fake-engine.ts";
import type { TrainingClient } from "../engine/types.ts";
import { newMemory, openMemory } from "../prompts/testing/tiny-world.ts";
import { gspoTerm } from "./gspo.ts";
import { type MiniBatch, type TrainSequence, updateOnBatch } from "./update.ts";

const VOCAB = 7;
const config: RlConfig = { ...configSchema.parse({}).guided, learning_rate: 0.02, clip_low: 0.002, clip_high: 0.003 };
const noLog = openMemory(newMemory());

function sequences(seed: number, count: number): TrainSequence[] {
  const random = stream("update-test", seed);
  return Array.from({ length: count }, () => {
    const tokens = Array.from({ length: 1 + random.int(5) }, () => random.int(VOCAB));
    const prompt = [random.int(VOCAB), random.int(VOCAB)];
    return { prompt, tokens, sampled: tokens.map(() => -random.next()), advantage: random.normal() };
  });
}

/** A training client over a bigram that the test can look into; `seen` are the gradients at each optimizer step. */
function openClient(): { client: TrainingClient; model: Bigram; seen: Float64Array[] } {
  const model = makeBigram(VOCAB, 1);
  const seen: Float64Array[] = [];
  const client: TrainingClient = {
    modelId: "m",
    forward: async (data, loss, c = {}) => runLoss(model, data, loss, c, true),
    forwardBackward: async (data, loss, c = {}) => runLoss(model, data, loss, c, false),
    optimStep: async (adam) => {
      seen.push(Float64Array.from(model.grads.table ?? []));
      return { "grad_norm:mean": adamStep(model, adam) };
    },
    saveState: async () => "",
    saveForSampler: async () => "",
    sampler: async () => ({ sample: async () => [] }),
    unload: async () => {},
  };
  return { client, model, seen };
}

const options = (training: TrainingClient, native: boolean) => ({
  training,
  config,
  native,
  step: 0,
  totalSteps: 100,
  measurePacking: false,
  log: noLog,
});

function loss(model: Bigram, old: readonly (readonly number[])[], batch: MiniBatch): number {
  let sum = 0;
  for (const [i, s] of batch.sequences.entries()) {
    const all = [...s.prompt, ...s.tokens];
    const now = s.tokens.map((t, k) => logSoftmax(model, all[s.prompt.length - 1 + k] ?? 0)[t] ?? 0);
    sum -= gspoTerm(now, old[i] ?? [], s.advantage, { low: config.clip_low, high: config.clip_high }).objective;
  }
  return sum / batch.total;
}

const logprobsOf = (model: Bigram, batch: MiniBatch): number[][] =>
  batch.sequences.map((s) => {
    const all = [...s.prompt, ...s.tokens];
    return s.tokens.map((t, k) => logSoftmax(model, all[s.prompt.length - 1 + k] ?? 0)[t] ?? 0);
  });

const one = (sequence: TrainSequence): MiniBatch => ({ sequences: [sequence], total: 1 });

const miniBatches: MiniBatch[] = [0, 1, 2].map((k) => ({ sequences: sequences(k, 6), total: 10 }));

describe("updates on a batch", () => {
  it("gives equal gradients with the engine's ppo and with GRPO's computed here", async () => {
    const [a, b] = [openClient(), openClient()];
    const grpo = { ...config, loss: "grpo", learning_rate: 0.2, clip_low: 0.02, clip_high: 0.03 } as const;
    const one = await updateOnBatch(miniBatches, { ...options(a.client, true), config: grpo });
    const two = await updateOnBatch(miniBatches, { ...options(b.client, false), config: grpo });
    for (const [k, gradient] of a.seen.entries())
      for (const [i, x] of gradient.entries()) expect(b.seen[k]?.[i]).toBeCloseTo(x, 6);
    expect(one.terms.map((t) => t.clipped)).toEqual(two.terms.map((t) => t.clipped));
    const shares = one.terms.map(({ clipped }) => clipped.low + clipped.high);
    expect(shares.some((share) => share > 0 && share < 1)).toBe(true); // tokens, not sequences
  });

  it("adds the gradient of β·KL to the start, on every sequence, whatever the engine has (finite differences)", async () => {
    const start = makeBigram(VOCAB, 9);
    const plain = (miniBatches[0] as MiniBatch).sequences.map((s, i) => (i === 0 ? { ...s, advantage: 0 } : s));
    const batch = { total: 10, sequences: plain.map((s) => ({ ...s, start: logprobsOf(start, one(s))[0] ?? [] })) };
    for (const estimator of ["k2", "k3"] as const) {
      const { client, model, seen } = openClient();
      const kl = { weight: 0.7, estimator, in: "loss" } as const;
      const stats = await updateOnBatch([batch], { ...options(client, true), config: { ...config, kl } });
      const bare = openClient();
      await updateOnBatch([batch], options(bare.client, true));
      const at = makeBigram(VOCAB, 1);
      const klNow = (): number =>
        logprobsOf(at, batch).reduce((sum, row, i) => {
          const d = row.map((x, t) => x - (batch.sequences[i]?.start[t] ?? 0));
          const k = d.map((x) => (estimator === "k2" ? (x * x) / 2 : Math.exp(-x) - 1 + x));
          return sum + k.reduce((a, b) => a + b, 0) / k.length / batch.total;
        }, 0);
      const table = at.params.table as Float64Array;
      for (let i = 0; i < table.length; i++) {
        const was = table[i] as number;
        table[i] = was + 1e-5;
        const up = klNow();
        table[i] = was - 1e-5;
        const down = klNow();
        table[i] = was;
        expect((seen[0]?.[i] ?? 0) - (bare.seen[0]?.[i] ?? 0)).toBeCloseTo((0.7 * (up - down)) / 2e-5, 5);
      }
      expect(stats.kl).toHaveLength(batch.sequences.length);
      expect(model.steps).toBe(1);
    }
  });

  it("pushes the entropy up while it is under its floor, and only then", async () => {
    const entropyOf = (model: Bigram): number =>
      -logprobsOf(model, batch)
        .flat()
        .reduce((a, b, _, all) => a + b / all.length, 0);
    const batch = {
      ...(miniBatches[0] as MiniBatch),
      sequences: (miniBatches[0] as MiniBatch).sequences.map((s) => ({ ...s, advantage: 0 })),
    };
    for (const [floor, pushed] of [
      [1, 0],
      [3, 1],
    ] as const) {
      const { client, seen } = openClient();
      const entropy = { floor, weight: 0.5 };
      const stats = await updateOnBatch([batch], { ...options(client, true), config: { ...config, entropy } });
      expect(stats.entropyPushed).toBe(pushed);
      expect((seen[0] ?? []).some((x) => Math.abs(x) > 1e-9)).toBe(pushed === 1);
    }
    expect(entropyOf(makeBigram(VOCAB, 1))).toBeGreaterThan(1);
  });

  for (const count of [1, 3])
    it(`gives equal gradients with the engine's gspo and without it, ${count} mini-batch(es)`, async () => {
      const [a, b] = [openClient(), openClient()];
      const batches = miniBatches.slice(0, count);
      const one = await updateOnBatch(batches, options(a.client, true));
      const two = await updateOnBatch(batches, options(b.client, false));
      expect(a.seen).toHaveLength(count);
      for (const [k, gradient] of a.seen.entries())
        for (const [i, x] of gradient.entries()) expect(b.seen[k]?.[i]).toBeCloseTo(x, 6);
      expect(one.terms.map((t) => t.clipped)).toEqual(two.terms.map((t) => t.clipped));
      if (count > 1) expect(one.terms.some(({ clipped }) => clipped.low + clipped.high > 0)).toBe(true);
    });

  it("has the gradient of the clipped objective (finite differences of the model's parameters)", async () => {
    const { client, model, seen } = openClient();
    const before = makeBigram(VOCAB, 1);
    const [first, second] = miniBatches as [MiniBatch, MiniBatch];
    // The weights at the second step are those after the first alone.
    await updateOnBatch([first, second], options(client, true));
    const replay = openClient();
    const old = logprobsOf(before, second);
    await updateOnBatch([first, { sequences: [], total: 10 }], options(replay.client, true));
    const table = replay.model.params.table as Float64Array;
    const gradient = seen[1] as Float64Array;
    const h = 1e-5;
    for (let i = 0; i < table.length; i++) {
      const at = table[i] as number;
      table[i] = at + h;
      const up = loss(replay.model, old, second);
      table[i] = at - h;
      const down = loss(replay.model, old, second);
      table[i] = at;
      expect(gradient[i]).toBeCloseTo((up - down) / (2 * h), 4);
    }
    expect(model.steps).toBe(2);
  });

  it("never lets a clip act with one update, and has ratio 1 there", async () => {
    const { terms } = await updateOnBatch([miniBatches[0] as MiniBatch], options(openClient().client, true));
    expect(terms.every((t) => t.ratio === 1 && t.clipped.low + t.clipped.high === 0)).toBe(true);
  });

  it("counts sequences without a gradient in N", async () => {
    const [a, b] = [openClient(), openClient()];
    const half = miniBatches[0] as MiniBatch;
    await updateOnBatch([half], options(a.client, true));
    await updateOnBatch([{ ...half, total: 20 }], options(b.client, true));
    for (const [i, x] of (a.seen[0] ?? []).entries()) expect(b.seen[0]?.[i]).toBeCloseTo(x / 2, 7);
  });

  it("leaves out an optimizer step that has no gradient", async () => {
    const { client, seen } = openClient();
    const stats = await updateOnBatch([{ sequences: [], total: 10 }], options(client, true));
    expect([stats.skipped, seen.length]).toEqual([1, 0]);
  });

  it("measures what packing does to log-probs, before the first step, and trains the same", async () => {
    const packed = openClient();
    const { forward } = packed.client;
    /** As a bf16 engine: whatever is computed alone comes out a little otherwise. */
    const client: TrainingClient = {
      ...packed.client,
      forward: async (data, loss, c) => {
        const out = await forward(data, loss, c);
        const at = (lp: Float32Array): Float32Array => (data.length === 1 ? lp.map((x) => x - 0.01) : lp);
        return { ...out, outputs: out.outputs.map((o) => ({ ...o, logprobs: at(o.logprobs ?? new Float32Array()) })) };
      },
    };
    for (const batches of [miniBatches, [{ sequences: [], total: 10 }, ...miniBatches], miniBatches.slice(0, 1)]) {
      const plain = openClient();
      const seen = packed.seen.length;
      packed.model.params.table?.set(plain.model.params.table as Float64Array);
      packed.model.steps = 0;
      for (const moments of Object.values(packed.model.moments)) for (const m of Object.values(moments)) m.fill(0);
      const stats = await updateOnBatch(batches, { ...options(client, true), measurePacking: true });
      const off = await updateOnBatch(batches, options(plain.client, true));
      expect(stats.packingGaps).toHaveLength(4);
      for (const gap of stats.packingGaps) expect(gap).toBeCloseTo(0.01, 5);
      expect({ ...stats, packingGaps: [] }).toEqual(off);
      expect(packed.seen.slice(seen)).toEqual(plain.seen);
    }
  });

  it("stops at a NaN before the weights are touched, with the batch saved", async () => {
    const { client, model, seen } = openClient();
    (model.params.table as Float64Array).fill(Number.NaN);
    const saved: unknown[] = [];
    const log = { ...noLog, stopped: (row: unknown) => void saved.push(row) };
    await expect(updateOnBatch([miniBatches[0] as MiniBatch], { ...options(client, true), log })).rejects.toThrow(
      /not finite/,
    );
    expect(seen).toHaveLength(0);
    expect(saved).toMatchObject([{ kind: "not_finite" }]);
  });

  it("saves the batch once whichever request of it the engine refuses for a NaN", async () => {
    const { client } = openClient();
    const refuse = (): Promise<never> => Promise.reject(new TagprError("engine", "the loss is nan in datum 0"));
    const one = miniBatches.slice(0, 1);
    for (const [batches, broken, own] of [
      [one, { forwardBackward: refuse }, false],
      [one, { forward: refuse }, true], // packing is measured before the step
      [miniBatches, { forward: refuse }, false], // old log-probs
      [one, { optimStep: refuse }, false],
    ] as const) {
      const saved: unknown[] = [];
      const log = { ...noLog, stopped: (row: unknown) => void saved.push(row) };
      const asked = { ...options({ ...client, ...broken }, true), log, measurePacking: own };
      await expect(updateOnBatch(batches, asked)).rejects.toThrow(/nan/);
      expect(saved).toMatchObject([{ kind: "not_finite", what: "the loss is nan in datum 0" }]);
      expect((saved[0] as { batch: TrainSequence[] }).batch[0]?.tokens).toEqual(one[0]?.sequences[0]?.tokens);
    }
  });

  it("speaks to an engine as its types say", async () => {
    const training = await makeFakeEngine({ vocab: VOCAB }).train({ model: "base", rank: 0, seed: 0 });
    const stats = await updateOnBatch(miniBatches, options(training, true));
    expect(stats.gradNorms).toHaveLength(3);
  });
});
