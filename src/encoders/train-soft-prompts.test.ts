import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { silent } from "../core/progress.ts";
import { openLoop } from "../core/run-dir.ts";
import type { Datum, Engine, TrainingClient } from "../engine/types.ts";
import { behind, type SoftItem, trainSoftPrompts } from "./train-soft-prompts.ts";

/**
 * A maker of one number w, whose soft tokens are [w] and [w · first item]; a language model whose loss behind them is
 * (w · item − 3)²/2. So the gradient by w is known, and w · item goes to 3.
 */
function fakes(): { engine: Engine; calls: string[]; w: () => number } {
  const calls: string[] = [];
  let [w, slope] = [0, 0];
  const states = new Map<string, number>();
  const item = (datum: Datum): number => datum.inputs.items?.data[0] ?? 0;
  const maker: Partial<TrainingClient> = {
    forward: async (data) => ({
      outputs: data.map((d) => ({ soft_tokens: Float32Array.of(w, w * item(d)), attention: Float32Array.of(1) })),
      metrics: {},
    }),
    forwardBackward: async (data) => {
      calls.push("learn");
      for (const d of data) slope += (d.inputs.gradients?.data[0] ?? 0) + (d.inputs.gradients?.data[1] ?? 0) * item(d);
      return { outputs: [], metrics: {} };
    },
    optimStep: async ({ learningRate }) => {
      w -= learningRate * slope;
      slope = 0;
      return { "grad_norm:mean": 1 };
    },
    saveState: async (name) => {
      states.set(`tinker://m/weights/${name}`, w);
      return `tinker://m/weights/${name}`;
    },
    saveForSampler: async (name) => `tinker://m/sampler_weights/${name}`,
    unload: async () => {},
  };
  const held: Partial<TrainingClient> = {
    forward: async (data, loss, config) => {
      calls.push(`${loss} ${config?.soft_gradients ?? 0}`);
      return {
        outputs: data.map((d) => {
          const gap = (d.inputs.soft_tokens?.data[1] ?? 0) - 3;
          return {
            logprobs: new Float32Array(d.tokens.length).fill(-(gap ** 2) / 2),
            soft_gradients: Float32Array.of(0, gap),
          };
        }),
        metrics: {},
      };
    },
    unload: async () => {},
  };
  const engine: Partial<Engine> = {
    train: async (options) => {
      calls.push(
        options.softPromptFor === undefined ? `hold ${options.model} ${options.rank}` : `make ${options.model}`,
      );
      if (options.softPromptFor === undefined) return { modelId: "h", ...held } as TrainingClient;
      w = options.resume === undefined ? 0 : (states.get(options.resume) ?? Number.NaN);
      return { modelId: "m", ...maker } as TrainingClient;
    },
    saved: async () => [],
    forget: async () => {},
  };
  return { engine: engine as Engine, calls, w: () => w };
}

const items: SoftItem[] = Array.from({ length: 8 }, (_, i) => ({
  ...{ id: `t/${i}/0`, task: "t", text: [1], items: [[1 + (i % 2)]], prompt: [5, -1, -2, 6], completion: [7] },
}));
const settings = configSchema.parse({
  pplug: { learning_rate: 0.1, batch: 4, epochs: 10, eval_every: 5, checkpoint_every: 5 },
}).pplug;
const options = (engine: Engine, dir: string) => ({
  ...{ name: "pplug", title: "PPlug", makers: engine, encoder: "e", policies: engine, model: "lm" },
  ...{ train: items, dev: items.slice(0, 2), width: 1, config: settings, seed: 1 },
  ...{ log: openLoop(dir), progress: silent, clock: () => 0 },
});

it("learns by gradients that come back from behind the soft tokens; the language model is held and never stepped", async () => {
  const { engine, calls, w } = fakes();
  const dir = mkdtempSync(join(tmpdir(), "soft-"));
  const result = await trainSoftPrompts(options(engine, dir));
  expect(calls.slice(0, 4)).toEqual(["make e", "hold lm 1", "cross_entropy 1", "learn"]);
  expect(w()).toBeGreaterThan(1.5);
  expect(result.curve).toHaveLength(4);
  expect(result.score).toBe(Math.max(...result.curve.map(({ dev }) => dev)));
  expect(result.path).toMatch(/^tinker:\/\/m\/sampler_weights\/pplug-best-/);
});

it("goes on from its last checkpoint to the same weights", async () => {
  const whole = fakes();
  await trainSoftPrompts(options(whole.engine, mkdtempSync(join(tmpdir(), "soft-"))));
  const cut = fakes();
  const dir = mkdtempSync(join(tmpdir(), "soft-"));
  const learn = cut.calls;
  const push = learn.push.bind(learn);
  learn.push = (...more) => {
    if (more[0] === "learn" && learn.filter((one) => one === "learn").length === 8) throw new Error("killed");
    return push(...more);
  };
  await expect(trainSoftPrompts(options(cut.engine, dir))).rejects.toThrow("killed");
  learn.push = push;
  await trainSoftPrompts(options(cut.engine, dir));
  expect(cut.w()).toBe(whole.w());
});

it("a soft token is predicted by nothing and predicts nothing that counts", () => {
  const { tokens, inputs } = behind(
    { prompt: [5, -1, -2, 6], completion: [7, 2] },
    [Float32Array.of(1), Float32Array.of(2)],
    0.5,
  );
  expect(tokens).toEqual([5, -1, -2, 6, 7]);
  expect(inputs.target_tokens?.data).toEqual([0, 0, 6, 7, 2]);
  expect([...(inputs.weights?.data ?? [])]).toEqual([0, 0, 0, 0.5, 0.5]);
  expect([...(inputs.soft_tokens?.data ?? [])]).toEqual([1, 2]);
});
