import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, TINY_QWEN3 } from "../core/testing/fixtures.ts";
import { type Embedded, startEmbedded } from "./embedded.ts";
import { startSlowTrainer } from "./testing/slow-trainer.ts";
import { makeTinyModel, testPython } from "./testing/tiny-model.ts";
import type { Datum } from "./types.ts";

/** The real Python engine with a tiny random model. */
const dir = mkdtempSync(join(tmpdir(), "tagpr-engine-"));
const model = join(dir, "tiny");
const options = {
  python: testPython(process.env),
  models: [model, TINY_QWEN3],
  store: join(dir, "store"),
  modelsDir: join(dir, "models"),
  dtype: "float32",
  device: "cpu",
  threads: 1,
  env: process.env,
} as const;
const ADAM = { learningRate: 1e-2, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };
const PROMPT = [5, 6, 7, 8];
const datum = (tokens: readonly number[]): Datum => ({
  tokens: tokens.slice(0, -1),
  inputs: {
    target_tokens: { dtype: "int64", data: tokens.slice(1) },
    weights: { dtype: "float32", data: tokens.slice(1).map((_, t) => (t < 2 ? 0 : 1)) },
  },
});
const DATA = [datum([5, 6, 7, 8, 9, 10]), datum([5, 6, 7, 11, 12])];
const request = (seed: number) => ({
  prompt: PROMPT,
  numSamples: 5,
  seed,
  params: { maxTokens: 6, temperature: 1, stop: [2] },
});

interface Recorded {
  readonly model_input: { readonly chunks: readonly { readonly tokens: number[] }[] };
  readonly loss_fn_inputs: Datum["inputs"];
}

let embedded: Embedded;
beforeAll(async () => {
  makeTinyModel(model);
  embedded = await startEmbedded(options);
}, 600_000);
afterAll(async () => {
  await embedded?.close();
  rmSync(dir, { recursive: true, force: true });
});

describe("the embedded engine", () => {
  it("learns: forward, forward_backward, optim_step; saves, and goes on from the state to the same numbers", async () => {
    const { engine } = embedded;
    expect(engine.capabilities.gspo).toBe(true);
    const client = await engine.train({ model, rank: 0, seed: 1 });
    const before = await client.forward(DATA, "cross_entropy");
    expect(before.outputs.map((o) => o.logprobs?.length)).toEqual([5, 4]);
    for (let i = 0; i < 3; i++) {
      await client.forwardBackward(DATA, "cross_entropy");
      expect((await client.optimStep(ADAM))["grad_norm:mean"]).toBeGreaterThan(0);
    }
    const state = await client.saveState("step-3");
    const step = async (c: typeof client): Promise<number[][]> => {
      await c.forwardBackward(DATA, "cross_entropy");
      await c.optimStep(ADAM);
      const { outputs } = await c.forward(DATA, "cross_entropy");
      return outputs.map((o) => Array.from(o.logprobs ?? []));
    };
    const unbroken = await step(client);
    const resumed = await engine.train({ model, rank: 0, seed: 9, resume: state });
    expect(await step(resumed)).toEqual(unbroken);
    const sum = (rows: number[][]): number => rows.flat().reduce((a, b) => a + b, 0);
    expect(sum(unbroken)).toBeGreaterThan(sum(before.outputs.map((o) => Array.from(o.logprobs ?? []))));
    await client.unload();
    await resumed.unload();
  });

  it("samples a batch as one unit: equal seeds give equal tokens, from the model and from its saved weights", async () => {
    const client = await embedded.engine.train({ model, rank: 0, seed: 1 });
    const requests = Array.from({ length: 40 }, (_, i) => request(i));
    const first = await (await client.sampler()).sample(requests);
    expect(first.map((group) => group.length)).toEqual(requests.map(() => 5));
    expect(new Set(first.flat().map((s) => s.tokens.join())).size).toBeGreaterThan(20);
    const path = await client.saveForSampler("kept");
    expect(await (await embedded.engine.sampler(path)).sample(requests)).toEqual(first);
    await client.unload();
  });

  it("says of a prompt how likely its tokens are, as the trainer does, to the last digits of single precision", async () => {
    const client = await embedded.engine.train({ model, rank: 0, seed: 1 });
    const { outputs } = await client.forward(DATA, "cross_entropy");
    const prompts = [
      [5, 6, 7, 8, 9, 10],
      [5, 6, 7, 11, 12],
    ];
    const scored = await (await client.sampler()).logprobs?.(prompts);
    for (const [i, own] of (scored ?? []).entries()) {
      expect(own[0]).toBeNaN();
      const expected = Array.from(outputs[i]?.logprobs ?? []);
      expect(own).toHaveLength(expected.length + 1);
      for (const [t, value] of expected.entries()) expect(own[t + 1]).toBeCloseTo(value, 4);
    }
    expect(scored).toHaveLength(2);
    await client.unload();
  });

  it("streams what it samples, several requests as one batch, and goes on when a client leaves", async () => {
    const sampler = await embedded.engine.sampler(model);
    const asked = [request(1), request(2), { ...request(3), params: { maxTokens: 40, temperature: 0, stop: [] } }];
    const whole = await sampler.sample(asked);
    const { signal } = new AbortController();
    const streamed = async (one: (typeof asked)[number]): Promise<number[][]> => {
      const tokens = Array.from({ length: one.numSamples }, (): number[] => []);
      for await (const part of sampler.stream?.(one, signal) ?? []) tokens[part.sample]?.push(...part.tokens);
      return tokens;
    };
    const left = new AbortController();
    const leaver = (async () => {
      for await (const _ of sampler.stream?.(request(4), left.signal) ?? []) left.abort(new Error("gone"));
    })();
    await expect(leaver).rejects.toThrow("gone");
    expect(await Promise.all(asked.map(streamed))).toEqual(whole.map((group) => group.map(({ tokens }) => tokens)));
  });

  it("trains on from adapters that were saved for sampling, as RL does after SFT", async () => {
    const client = await embedded.engine.train({ model, rank: 4, seed: 1 });
    await client.forwardBackward(DATA, "cross_entropy");
    await client.optimStep(ADAM);
    const path = await client.saveForSampler("sft-best-1");
    const next = await embedded.engine.train({ model: path, rank: 4, seed: 2 });
    const logprobs = async (c: typeof client): Promise<number[][]> =>
      (await c.forward(DATA, "cross_entropy")).outputs.map((o) => Array.from(o.logprobs ?? []));
    expect(await logprobs(next)).toEqual(await logprobs(client));
    await next.forwardBackward(DATA, "cross_entropy");
    expect((await next.optimStep(ADAM))["grad_norm:mean"]).toBeGreaterThan(0);
    expect(await logprobs(next)).not.toEqual(await logprobs(client));
    await client.unload();
    await next.unload();
  });

  it("scores and trains a reward model with user embeddings", async () => {
    const client = await embedded.engine.train({ model, rank: 0, seed: 1, reward: { userEmbeddings: 3 } });
    const side = (tokens: number[], user: number, pair: Readonly<Record<string, number>>): Datum => ({
      tokens,
      inputs: Object.fromEntries(
        Object.entries({ user_index: user, ...pair }).map(([k, v]) => [k, { dtype: "int64", data: [v] }] as const),
      ),
    });
    const pairs = [side([5, 6, 7], 1, { pair_id: 0, preferred: 1 }), side([5, 6, 8], 1, { pair_id: 0, preferred: 0 })];
    const score = async (): Promise<number[]> => {
      const { outputs } = await client.forward([side([5, 6, 7], 1, {}), side([5, 6, 8], 1, {})], "reward_score");
      return outputs.map((o) => o.logits?.[0] ?? Number.NaN);
    };
    const [good = 0, bad = 0] = await score();
    await client.forwardBackward(pairs, "bradley_terry");
    await client.optimStep(ADAM);
    const [better = 0, worse = 0] = await score();
    expect(better - worse).toBeGreaterThan(good - bad);
    await client.unload();
  });

  it("exports a Hugging Face folder, and forgets what nobody needs", async () => {
    const client = await embedded.engine.train({ model, rank: 0, seed: 1 });
    const path = await client.saveForSampler("out");
    const out = join(dir, "exported");
    await embedded.engine.export(path, out);
    for (const file of ["config.json", "tokenizer.json", "model.safetensors"])
      expect(existsSync(join(out, file))).toBe(true);
    expect(await embedded.engine.saved(client.modelId)).toEqual([path]);
    await embedded.engine.forget(path);
    expect(await embedded.engine.saved(client.modelId)).toEqual([]);
    await expect(embedded.engine.sampler(path)).rejects.toThrow("does not exist");
    await client.unload();
  });

  it("agrees with a recorded SkyRL server on its model: log-probs to 1e-5, greedy tokens", async () => {
    const lines = readFileSync(fixture("skyrl", "exchanges.jsonl"), "utf8").trim().split("\n");
    const recorded = lines.map((line) => JSON.parse(line)).filter(({ label }) => label === "forward only");
    const data: Datum[] = recorded[0].meaning.data.map((d: Recorded) => ({
      tokens: d.model_input.chunks[0]?.tokens,
      inputs: d.loss_fn_inputs,
    }));
    const client = await embedded.engine.train({ model: TINY_QWEN3, rank: 8, seed: 1 });
    const { outputs } = await client.forward(data, "cross_entropy");
    const theirs: { logprobs: { data: number[] } }[] = recorded[1].decoded.loss_fn_outputs;
    for (const [i, { logprobs }] of theirs.entries())
      for (const [t, nats] of logprobs.data.entries()) expect(outputs[i]?.logprobs?.[t]).toBeCloseTo(nats, 5);
    const greedy = { maxTokens: 4, temperature: 0, stop: [2] };
    const sampler = await embedded.engine.sampler(TINY_QWEN3);
    const [group] = await sampler.sample([{ prompt: [1, 300, 301, 302], numSamples: 1, seed: 0, params: greedy }]);
    expect(group?.[0]?.tokens).toEqual([609, 150, 949, 848]);
    await client.unload();
  });

  it("says what it refuses in its own words, and goes on", async () => {
    const client = await embedded.engine.train({ model, rank: 0, seed: 1 });
    const wrong: Datum = { tokens: [5, 6], inputs: { targets: { dtype: "int64", data: [6, 7] } } };
    await expect(client.forward([wrong], "cross_entropy")).rejects.toThrow(/refused forward_backward.*target/);
    await expect(embedded.engine.train({ model: "no-such-model", rank: 0, seed: 1 })).rejects.toThrow("no-such-model");
    expect((await client.forward(DATA, "cross_entropy")).outputs).toHaveLength(2);
    await client.unload();
  });
});

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const gone = async (pid: number): Promise<boolean> => {
  for (let i = 0; i < 600 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  return !alive(pid);
};

/** A program that starts an engine, says its pid, and stays, for tests that end it. */
function startProgram(): Promise<{ child: ChildProcess; enginePid: number }> {
  const program = fileURLToPath(new URL("./testing/hold-engine.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program, JSON.stringify({ ...options, env: {} })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the program ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", (line) =>
      resolve({ child, enginePid: Number(line) }),
    );
  });
}

describe("its life", () => {
  it("it is gone after SIGKILL, SIGTERM and SIGINT of the program that started it", async () => {
    const programs = await Promise.all([startProgram(), startProgram(), startProgram()]);
    expect(programs.map(({ enginePid }) => alive(enginePid))).toEqual([true, true, true]);
    for (const [i, signal] of (["SIGKILL", "SIGTERM", "SIGINT"] as const).entries()) programs[i]?.child.kill(signal);
    expect(await Promise.all(programs.map(({ enginePid }) => gone(enginePid)))).toEqual([true, true, true]);
  }, 600_000);

  it("a program, its engine, or both may be suspended for longer than a session's silence", async () => {
    const trainer = await startSlowTrainer({
      ...{ ...options, store: join(dir, "slow"), sessionTimeout: 0.5, data: DATA, adam: ADAM },
    });
    const stopped = [await trainer.step()];
    for (const pids of [[trainer.pid], [trainer.enginePid], [trainer.pid, trainer.enginePid]]) {
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      await delay(2500); // the engine looks for silent sessions every second
      for (const pid of pids) process.kill(pid, "SIGCONT");
      stopped.push(await trainer.step());
    }
    await trainer.end();

    const client = await embedded.engine.train({ model, rank: 0, seed: 1 });
    for (const logprobs of stopped) {
      await client.forwardBackward(DATA, "cross_entropy");
      await client.optimStep(ADAM);
      const { outputs } = await client.forward(DATA, "cross_entropy");
      expect(outputs.map((one) => Array.from(one.logprobs ?? []))).toEqual(logprobs);
    }
    await client.unload();
  }, 120_000);

  it("when it can't start, its own reason comes through", async () => {
    const unknown = startEmbedded({ ...options, dtype: "float16" as "float32" });
    await expect(unknown).rejects.toThrow("invalid choice: 'float16'");
    await expect(startEmbedded({ ...options, python: join(dir, "no-python") })).rejects.toThrow(
      "there is no Python at",
    );
  });

  it("its token never stands on a command line", () => {
    const commandLine = `/proc/${embedded.pid}/cmdline`;
    if (existsSync(commandLine)) expect(readFileSync(commandLine, "utf8")).not.toContain(embedded.token);
  });

  it("when it is killed, pending calls end with one sentence that says so (last: it ends the engine of this file)", async () => {
    const client = await embedded.engine.train({ model, rank: 0, seed: 1 });
    const many = client.forward(
      Array.from({ length: 4000 }, () => datum([5, 6, 7, 8, 9, 10])),
      "cross_entropy",
    );
    process.kill(embedded.pid, "SIGKILL");
    await expect(many).rejects.toThrow("the engine stopped (signal SIGKILL)");
    await expect(client.optimStep(ADAM)).rejects.toThrow("the engine stopped (signal SIGKILL)");
  });
});
