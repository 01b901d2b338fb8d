import { describe, expect, it } from "vitest";
import { ADAM, calls, connect, datum, failure, OURS, train } from "./testing/connected.ts";
import { fakeTinker } from "./testing/fake-tinker.ts";

describe("forward_backward", () => {
  it("splits at 1,024 datums, keeps the order, and merges results by their reduction", async () => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    const data = Array.from({ length: 2100 }, (_, i) => datum(i, i + 1));
    const result = await client.forward(data, "cross_entropy");
    const sent = fake.seen.flatMap((s) => (s.loss === undefined ? [] : [s.loss]));
    expect(sent.map((r) => r.data.length)).toEqual([1024, 1024, 52]);
    expect(sent.map((r) => r.seqId)).toEqual([1, 2, 3]);
    expect(sent.every((r) => r.forwardOnly)).toBe(true);
    expect(result.outputs.map((o) => o.logprobs?.[0])).toEqual(data.map((d) => d.tokens[0]));
    expect(result.metrics).toEqual({
      "loss:sum": 2100,
      "seq:mean": (1024 * 1 + 1024 * 2 + 52 * 3) / 2100,
      "seq:min": 1,
      "seq:max": 3,
    });
  });

  it("splits at 5 MB at most, at the same places for every token loss, so that all are packed alike", async () => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    const long = datum(...Array.from({ length: 100_000 }, (_, i) => i));
    const floats = { dtype: "float32", data: long.tokens } as const;
    const more = { logprobs: floats, advantages: floats, sequence_ratio_mask: floats };
    const wide = { ...long, inputs: { ...long.inputs, ...more } };
    await client.forward([long, long, long, long, long], "cross_entropy");
    await client.forwardBackward([wide, wide, wide, wide, wide], "gspo");
    const sizes = fake.seen.flatMap((s) => (s.loss === undefined ? [] : [s.loss.data.length]));
    expect(sizes).toEqual([2, 2, 1, 2, 2, 1]);
  });

  it("never parts the datums of a pair loss", async () => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    await client.forwardBackward(
      Array.from({ length: 2100 }, (_, i) => datum(i)),
      "bradley_terry",
    );
    expect(fake.seen.flatMap((s) => (s.loss === undefined ? [] : [s.loss.data.length]))).toEqual([2100]);
  });

  it("calls that nobody awaits reach the engine in order", async () => {
    const fake = fakeTinker(OURS);
    const client = await train(fake);
    await Promise.all([
      client.forwardBackward(
        Array.from({ length: 1500 }, (_, i) => datum(i)),
        "cross_entropy",
      ),
      client.forwardBackward([datum(7)], "cross_entropy"),
      client.optimStep(ADAM),
      client.saveState("ck"),
    ]);
    const order = fake.seen.flatMap((s) => s.loss?.seqId ?? (s.json?.seq_id === undefined ? [] : [s.json.seq_id]));
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(calls(fake).slice(-5)).toEqual([
      "forward_backward",
      "forward_backward",
      "forward_backward",
      "optim_step",
      "save_weights",
    ]);
  });

  it("asks a policy loss for log-probs where it looks alone, of an engine that would give all of them", async () => {
    for (const [version, expected] of [
      ["1", undefined],
      ["2", 1],
    ] as const) {
      const fake = fakeTinker({ ...OURS, only_weighted: version });
      const client = await train(fake);
      await client.forwardBackward([datum(1, 2)], "gspo", { clip_low_threshold: 0.9 });
      await client.forwardBackward([datum(1, 2)], "cross_entropy");
      const sent = fake.seen.flatMap((s) => (s.loss === undefined ? [] : [s.loss.lossFnConfig.only_weighted]));
      expect(sent).toEqual([expected, undefined]);
    }
  });

  it("refuses tokens that are no whole numbers", async () => {
    const client = await train(fakeTinker(OURS));
    expect((await failure(client.forward([datum(1.5)], "cross_entropy"))).message).toContain("1.5");
  });
});

describe("sampling", () => {
  const request = (i: number) => ({
    prompt: [10 * i],
    numSamples: 3,
    seed: i,
    params: { maxTokens: 4, temperature: 1 },
  });

  it("a batch is one ordered unit, marked for an engine that takes it so", async () => {
    const fake = fakeTinker(OURS);
    const sampler = await (await connect(fake)).sampler("base");
    const result = await sampler.sample(Array.from({ length: 70 }, (_, i) => request(i)));
    expect(result.map((group) => group.map((s) => s.tokens))).toEqual(
      Array.from({ length: 70 }, (_, i) => [0, 1, 2].map((k) => [10 * i + k, i])),
    );
    expect(result[0]?.map((s) => s.stopReason)).toEqual(["stop", "length", "length"]);
    const marks = fake.seen.flatMap((s) => s.headers["x-tagpr-batch"]?.split("/") ?? []);
    expect(new Set(marks.filter((_, i) => i % 3 === 0)).size).toBe(1);
    expect(
      marks
        .filter((_, i) => i % 3 === 1)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([...Array(70).keys()]);
  });

  it("an engine without the extension sees no such mark", async () => {
    const fake = fakeTinker();
    const sampler = await (await connect(fake)).sampler("base");
    await sampler.sample([request(1)]);
    expect(fake.seen.some((s) => "x-tagpr-batch" in s.headers)).toBe(false);
  });

  it("log-probs are the model's own, and samplers that training left behind are let go", async () => {
    const fake = fakeTinker({ ...OURS, sampled_logprobs: "1", release_sampler: "1" });
    const client = await train(fake);
    for (let i = 0; i < 6; i++) await client.sampler();
    const gone = (): number => fake.seen.filter((s) => s.method === "DELETE").length;
    expect(gone()).toBe(2);
    const asked = await client.sampler();
    await asked.sample([{ prompt: [1], numSamples: 1, seed: 0, params: { maxTokens: 2, temperature: 0.5 } }]);
    expect(fake.seen.find((s) => s.path === "asample")?.json?.sampled_logprobs).toBe("model");
    await client.unload();
    expect(gone()).toBe(7);
    const other = fakeTinker(OURS);
    const plain = await train(other);
    for (let i = 0; i < 6; i++) await plain.sampler();
    await (await plain.sampler()).sample([
      { prompt: [1], numSamples: 1, seed: 0, params: { maxTokens: 2, temperature: 1 } },
    ]);
    expect(other.seen.find((s) => s.path === "asample")?.json).not.toHaveProperty("sampled_logprobs");
    expect(other.seen.some((s) => s.method === "DELETE")).toBe(false);
  });

  it("a prompt is scored as one ordered unit, the shortest sample behind it", async () => {
    const fake = fakeTinker(OURS);
    const sampler = await (await connect(fake)).sampler("base");
    const scored = await sampler.logprobs?.([[3, 4, 5], [7]]);
    expect(scored?.map((row) => Array.from(row))).toEqual([[Number.NaN, -4, -5], [Number.NaN]]);
    const sent = fake.seen.filter(({ path }) => path === "asample");
    expect(sent.map(({ headers }) => headers["x-tagpr-batch"]?.replace(/^[^/]+/, ""))).toEqual(["/0/2", "/1/2"]);
    expect(sent[0]?.json).toMatchObject({ prompt_logprobs: true, num_samples: 1, sampling_params: { max_tokens: 1 } });
  });

  it("one refused request fails the batch with the engine's words", async () => {
    const fake = fakeTinker(OURS);
    const sampler = await (await connect(fake)).sampler("base");
    fake.results.asample = [{ status: 400, json: { detail: "prompt longer than the model's context" } }];
    expect((await failure(sampler.sample([request(0), request(1)]))).message).toContain(
      "longer than the model's context",
    );
  });
});

describe("models", () => {
  it("start from a base, from saved weights (fresh optimizer), or go on from a state", async () => {
    const fake = fakeTinker(OURS);
    const engine = await connect(fake);
    await engine.train({ model: "base", rank: 0, seed: 3, reward: { userEmbeddings: 5, userSpread: 0.1 } });
    await engine.train({ model: "tinker://m0/sampler_weights/sft", rank: 0, seed: 3 });
    await engine.train({ model: "tinker://m0/sampler_weights/sft", rank: 0, seed: 3, resume: "tinker://m1/weights/9" });
    const created = fake.seen.flatMap((s) => (s.path === "create_model" ? [s.json] : []));
    expect(created.map((json) => json?.base_model)).toEqual(["base", "the-base", "the-base"]);
    expect(created[0]).toMatchObject({
      model_role: "reward",
      user_embeddings: 5,
      user_spread: 0.1,
      lora_config: { rank: 0, seed: 3 },
    });
    const loads = fake.seen.flatMap((s) => (s.path === "load_weights" ? [[s.json?.path, s.json?.optimizer]] : []));
    expect(loads).toEqual([
      ["tinker://m0/sampler_weights/sft", false],
      ["tinker://m1/weights/9", true],
    ]);
  });

  it("where an engine can't train from weights saved for sampling, a state of their name stands beside them", async () => {
    const fake = fakeTinker();
    fake.results.save_weights_for_sampler = [{ json: { path: "tinker://m1/sft-best-9" } }]; // as SkyRL answers
    const engine = await connect(fake);
    const client = await engine.train({ model: "base", rank: 0, seed: 1 });
    const path = await client.saveForSampler("sft-best-9");
    expect(path).toBe("tinker://m1/sampler_weights/sft-best-9");
    const saves = fake.seen.filter((s) => s.path.startsWith("save_weights"));
    expect(saves.map((s) => [s.path, s.json?.path, s.json?.seq_id])).toEqual([
      ["save_weights", "sft-best-9", 1],
      ["save_weights_for_sampler", "sft-best-9", 2],
    ]);
    await engine.train({ model: path, rank: 0, seed: 1 });
    const load = fake.seen.find((s) => s.path === "load_weights");
    expect([load?.json?.path, load?.json?.optimizer]).toEqual(["tinker://m1/weights/sft-best-9", false]);
    expect(fake.seen.find((s) => s.path === "weights_info")?.json?.tinker_path).toBe("tinker://m1/weights/sft-best-9");
    await engine.forget(path);
    expect(fake.seen.filter((s) => s.method === "DELETE").map((s) => s.path)).toEqual([
      "training_runs/m1/checkpoints/weights/sft-best-9",
      "training_runs/m1/checkpoints/sampler_weights/sft-best-9",
    ]);
  });

  it("where an engine samples living models alone, saved weights are put into one, and it goes when another is asked for", async () => {
    const fake = fakeTinker();
    const engine = await connect(fake, "skyrl", { rank: 0 });
    const live = (): string[] => calls(fake).filter((path) => /create_|load_|unload_|save_|asample/.test(path));
    await engine.sampler("tinker://m1/sampler_weights/best");
    const lent = ["create_model", "load_weights", "save_weights_for_sampler"];
    expect(live()).toEqual(["create_session", ...lent]);
    expect(fake.seen.find((s) => s.path === "load_weights")?.json).toMatchObject({ path: "tinker://m1/weights/best" });
    // All parameters were trained: what the server answers for the base may be what was trained.
    await engine.sampler("base");
    const base = ["create_model", "save_weights_for_sampler"];
    expect(live().slice(4)).toEqual(["unload_model", ...base]);
    await engine.train({ model: "base", rank: 0, seed: 1 });
    expect(live().slice(7)).toEqual(["unload_model", "create_model"]);
    const adapters = fakeTinker();
    await (await connect(adapters, "skyrl", { rank: 8 })).sampler("base");
    expect(calls(adapters)).toContain("create_sampling_session");
  });

  it("saved weights that nobody needs are deleted", async () => {
    const fake = fakeTinker(OURS);
    const engine = await connect(fake);
    expect(await engine.saved("m1")).toEqual(["tinker://m1/weights/a"]);
    await engine.forget("tinker://m1/weights/step-9");
    expect(fake.seen.at(-1)).toMatchObject({ method: "DELETE", path: "training_runs/m1/checkpoints/weights/step-9" });
  });

  it("what an engine can't do is refused before it is asked", async () => {
    const hosted = await connect(fakeTinker(), "tinker");
    expect((await failure(hosted.train({ model: "m", rank: 0, seed: 0 }))).message).toContain("LoRA only");
    const skyrl = await connect(fakeTinker());
    expect((await failure(skyrl.train({ model: "m", rank: 0, seed: 0, reward: {} }))).hint).toContain("engines.reward");
  });
});
