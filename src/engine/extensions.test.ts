import { describe, expect, it } from "vitest";
import { connectEngine } from "./client.ts";
import { fakeTinker } from "./testing/fake-tinker.ts";

const connect = (fake: ReturnType<typeof fakeTinker>) =>
  connectEngine({
    url: "http://engine.test",
    fetch: fake.fetch,
    sleep: async (_, signal) => {
      if (signal !== undefined) await new Promise(() => {});
    },
    every: () => () => {},
  });
const OURS = { ordered_batches: "1" };
const soft = [[0.1, -2], new Float32Array([3, 4])];
const request = { prompt: [5, -1, -2], soft, numSamples: 1, seed: 0, params: { maxTokens: 2, temperature: 0 } };
const datum = {
  tokens: [5, -1, -2],
  inputs: { soft_tokens: { dtype: "float32", data: [1, 2, 3, 4] }, target_tokens: { dtype: "int64", data: [1, 2, 3] } },
} as const;

describe("an engine without soft tokens", () => {
  it("is asked for none of it: the sentence says what it lacks and what to do", async () => {
    const fake = fakeTinker(OURS);
    const engine = await connect(fake);
    const sampler = await engine.sampler("base");
    const training = await engine.train({ model: "base", rank: 1, seed: 0 });
    const before = fake.seen.length;
    const says = /doesn't serve prompts with soft tokens \(extension soft_tokens\)/;
    await expect(sampler.sample([request])).rejects.toThrow(says);
    await expect(training.forward([datum], "cross_entropy", { soft_gradients: 1 })).rejects.toThrow(says);
    const encoders = /doesn't serve the training of text encoders/;
    await expect(engine.train({ model: "e", rank: 0, seed: 0, softPromptFor: "base" })).rejects.toThrow(encoders);
    await expect(
      engine.train({ model: "e", rank: 0, seed: 0, reward: { userEmbeddings: 2, textEncoder: true } }),
    ).rejects.toThrow(encoders);
    expect(fake.seen).toHaveLength(before);
  });
});

describe("an engine with them", () => {
  it("gets vectors in single precision, and the language model that a soft prompt is for", async () => {
    const fake = fakeTinker({ ...OURS, soft_tokens: "1", text_encoders: "1" });
    const engine = await connect(fake);
    await (await engine.sampler("base")).sample([request]);
    const asked = fake.seen.find(({ path }) => path === "asample")?.json;
    const [a, b] = new Float32Array([0.1, -2]);
    expect(asked?.soft_tokens).toEqual({ dtype: "float32", shape: [2, 2], data: [a, b, 3, 4] });
    await engine.train({ model: "e", rank: 0, seed: 3, softPromptFor: "base" });
    const made = fake.seen.findLast(({ path }) => path === "create_model")?.json;
    expect(made).toMatchObject({ base_model: "e", model_role: "soft_prompt", projects_to: "base" });
  });
});
