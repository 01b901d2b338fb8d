import { expect, it } from "vitest";
import type { Checkpoint, LoopLog } from "../core/run-dir.ts";
import { openTraining } from "./loop.ts";
import { makeFakeEngine } from "./testing/fake-engine.ts";

const log = (last: Checkpoint | null, opened: string[]): LoopLog => ({
  ...{ last, models: ["m1", "gone"], opened: (model) => void opened.push(model) },
  ...{ metrics: () => {}, timings: () => {}, samples: () => {}, stopped: () => {}, checkpoint: () => {} },
});

it("a stage that goes on deletes what earlier attempts saved, but nothing that its last checkpoint needs", async () => {
  const saved = ["weights/rl-4", "weights/rl-8", "weights/best-4", "sampler_weights/best-4", "sampler_weights/best-8"];
  const forgotten: string[] = [];
  const engine = {
    ...makeFakeEngine({ vocab: 2 }),
    saved: async (model: string) => (model === "m1" ? saved.map((path) => `tinker://m1/${path}`) : []),
    forget: async (path: string) => void forgotten.push(path),
  };
  const loop = { best: { step: 4, path: "tinker://m1/sampler_weights/best-4" } };
  const state = "tinker://m1/weights/rl-4";
  const last = { step: 4, state, lines: {}, extra: { states: [state], loop } };
  const opened: string[] = [];
  const { modelId } = await openTraining(engine, log(last, opened), { model: "base", rank: 0, seed: 0 });
  // The state beside the best weights is what an engine that can't train from sampler weights goes on from.
  expect(forgotten).toEqual(["tinker://m1/weights/rl-8", "tinker://m1/sampler_weights/best-8"]);
  expect(opened).toEqual([modelId]);
  await openTraining(engine, log(null, opened), { model: "base", rank: 0, seed: 0 });
  expect(forgotten.slice(2)).toEqual(saved.map((path) => `tinker://m1/${path}`));
});
