import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepAliveFetch } from "../engine/http.ts";
import type { Fetch } from "../engine/transport.ts";
import type { ComputeRequest, Delta } from "./compute.ts";
import { MANNERS, type Manner, SERVED, type Stub, stubServer } from "./testing/completion-stub.ts";
import { vllmRefusal } from "./testing/vllm-refusal.ts";
import { upstreamCompute } from "./upstream.ts";

/** No vLLM and no SGLang runs here: a stub with their manners does. `npm run bench -- serve` asks a real llama.cpp server. */
const REQUEST: ComputeRequest = { prompt: [1, 5, 9], n: 2, maxTokens: 6, temperature: 0.7, topP: 0.9, seed: 7 };
const signal = new AbortController().signal;
const connect = (stub: Stub, more: Partial<Parameters<typeof upstreamCompute>[0]> = {}) =>
  upstreamCompute({ url: "http://u/v1", key: "sk-0123456789abcdef", keyName: "UP_KEY", fetch: stub.fetch, ...more });
const collect = async (deltas: AsyncIterable<Delta>): Promise<Delta[]> => {
  const found: Delta[] = [];
  for await (const delta of deltas) found.push(delta);
  return found;
};
const textOf = (deltas: readonly Delta[], choice: number): string =>
  deltas.map((delta) => (delta.choice === choice ? delta.text : "")).join("");

describe.each(Object.entries(MANNERS))("a completion server with the manners of %s (a stub)", (_, manner) => {
  const stub = (more: Partial<Manner> = {}): Stub => stubServer({ ...manner, ...more });

  it("gets token ids, and its pieces come as deltas: all text, the tokens that it counts, why it ended", async () => {
    const server = stub();
    const deltas = await collect((await connect(server)).complete(REQUEST, signal));
    for (const choice of [0, 1]) {
      expect(textOf(deltas, choice)).toBe("<think>\n漢字 😀</think> so");
      const last = deltas.findLast((delta) => delta.choice === choice);
      expect(last?.finish).toBe("stop");
      expect(deltas.reduce((sum, one) => sum + (one.choice === choice ? one.tokens : 0), 0)).toBe(9);
    }
    const [first, second] = server.asked;
    expect(first).toMatchObject({ model: "served", prompt: [1, 5, 9], max_tokens: 6, temperature: 0.7, top_p: 0.9 });
    expect(first).toMatchObject({ top_k: -1, min_p: 0, repetition_penalty: 1 });
    expect(first?.seed).not.toBe(second?.seed);
    expect(server.keys).toEqual(Array(3).fill("Bearer sk-0123456789abcdef"));
  });

  it("a seed's choices are the same whatever else is asked for", async () => {
    const [two, four] = [stub(), stub()];
    await collect((await connect(two)).complete(REQUEST, signal));
    await collect((await connect(four)).complete({ ...REQUEST, n: 4 }, signal));
    expect(four.asked.slice(0, 2).map(({ seed }) => seed)).toEqual(two.asked.map(({ seed }) => seed));
  });

  it("an answer that was cut off by its length says so", async () => {
    const deltas = await collect((await connect(stub({ finish: "length" }))).complete(REQUEST, signal));
    expect(deltas.findLast(({ choice }) => choice === 1)?.finish).toBe("length");
  });

  it.each<[string, Partial<Manner>, string, string]>([
    ["refuses a prompt", { refuse: { status: 400, words: "maximum context length is 8 tokens" } }, "engine", "context"],
    ["is busy", { refuse: { status: 429, words: "too many requests" } }, "engine_lost", "can't answer now"],
    ["fails in the middle", { breaks: "error" }, "engine", "out of memory"],
    ["ends in the middle", { breaks: "end" }, "engine", "ended before it was whole"],
  ])("where it %s, that is a sentence", async (_how, more, code, says) => {
    const compute = await connect(stub(more));
    await expect(collect(compute.complete(REQUEST, signal))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });

  it("who leaves ends the requests of all choices", async () => {
    const server = stub({ endless: true });
    for await (const _ of (await connect(server)).complete(REQUEST, signal)) break;
    expect(server.ended).toBe(2);
    const gone = new AbortController();
    const other = stub({ endless: true });
    const reading = (async () => {
      for await (const _ of (await connect(other)).complete(REQUEST, gone.signal)) gone.abort(new Error("left"));
    })();
    await expect(reading).rejects.toThrow("left");
    expect(other.ended).toBe(2);
  });
});

it("over real HTTP pieces come as they are sent, and who leaves closes the connection", async () => {
  const stub = stubServer({ ...MANNERS.vllm, endless: true });
  const server = createServer(async (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const body = Buffer.concat(await request.toArray()).toString();
    const headers = { authorization: request.headers.authorization ?? "" };
    const reply = await stub.fetch(`http://u${request.url}`, { headers, body, signal: gone.signal });
    response.writeHead(reply.status);
    if (reply instanceof Response) return response.end(await reply.text());
    await pipeline(Readable.from(reply.body as AsyncIterable<Uint8Array>), response).catch(() => {});
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const compute = await connect(stub, { url: `http://127.0.0.1:${port}`, fetch: keepAliveFetch() });
  let text = "";
  for await (const delta of compute.complete({ ...REQUEST, n: 1 }, signal)) {
    text += delta.text;
    if (text.endsWith("more")) break;
  }
  expect(text).toContain("<think>\n漢字 😀</think> so");
  await expect.poll(() => stub.ended).toBe(1);
  await new Promise((closed) => server.close(closed).closeAllConnections());
});

describe("what vLLM refuses", () => {
  it("is never sent, whatever a request may be, and a user's salt goes with it", async () => {
    const request = fc.record({
      prompt: fc.array(fc.integer({ min: 0, max: SERVED.vocabulary - 1 }), { minLength: 1, maxLength: 20 }),
      n: fc.integer({ min: 1, max: 3 }),
      maxTokens: fc.integer({ min: 1, max: SERVED.context - 20 }),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      topP: fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true }),
      seed: fc.maxSafeNat(),
      cacheSalt: fc.option(fc.stringMatching(/^[\w-]{43}$/), { nil: undefined }),
    });
    const take = async (asked: ComputeRequest) => {
      const server = stubServer(MANNERS.vllm);
      await collect((await connect(server)).complete(asked, signal));
      expect(server.asked.map(({ cache_salt }) => cache_salt)).toEqual(Array(asked.n).fill(asked.cacheSalt));
    };
    await fc.assert(fc.asyncProperty(request, take));
  });

  const BODY = { model: "served", prompt: [1, 5], max_tokens: 4, stream: true };
  it.each([
    ["cache_salt", { cache_salt: "" }],
    ["cache_salt", { cache_salt: 7 }],
    ["cache_salt", { cache_salt: "a/b" }],
    ["cache_salt", { cache_salt: "x".repeat(129) }],
    ["prompt", { prompt: [] }],
    ["prompt", { prompt: [SERVED.vocabulary] }],
    ["prompt.0", { prompt: [-1] }],
    ["input_tokens", { max_tokens: SERVED.context }],
    ["max_tokens", { max_tokens: 0 }],
    ["temperature", { temperature: 2.5 }],
    ["top_p", { top_p: 0 }],
    ["top_k", { top_k: -2 }],
    ["stream_options", { stream: false, stream_options: { include_usage: true } }],
    ["model", { model: "other" }],
  ])("%s: %j is refused by the stub too", async (param, more) => {
    expect(vllmRefusal(BODY, SERVED)).toBeNull();
    const refused = vllmRefusal({ ...BODY, ...more }, SERVED);
    expect(refused?.status).toBe(param === "model" ? 404 : 400);
    expect(await refused?.json()).toMatchObject({ error: { param } });
  });

  it("a refusal of vLLM's is a sentence with what it said", async () => {
    const compute = await connect(stubServer(MANNERS.vllm));
    const asked = collect(compute.complete({ ...REQUEST, prompt: [SERVED.vocabulary] }, signal));
    await expect(asked).rejects.toMatchObject({
      code: "engine",
      message: expect.stringContaining("out of vocabulary"),
    });
  });
});

describe("finding the model", () => {
  it("takes the one that is served, or the one that was named", async () => {
    await expect(connect(stubServer({ ...MANNERS.vllm, models: ["a", "b"] }))).rejects.toThrow("serves 2 models");
    const server = stubServer({ ...MANNERS.vllm, models: ["a", "b"] });
    await collect((await connect(server, { model: "b", url: "http://u" })).complete(REQUEST, signal));
    expect(server.asked[0]?.model).toBe("b");
    await expect(connect(stubServer(MANNERS.vllm), { model: "c" })).rejects.toThrow("does not serve c");
  });

  it("names the variable of a key that is refused, and never the key", async () => {
    const refuse = { status: 401, words: "invalid key sk-0123456789abcdef" };
    const error = await connect(stubServer({ ...MANNERS.vllm, refuse, refuses: "models" })).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "engine", hint: expect.stringContaining("UP_KEY") });
    expect(String(error)).not.toContain("sk-0123456789abcdef");
  });

  it("says where nobody answers", async () => {
    const fetch: Fetch = async () => {
      throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
    };
    await expect(upstreamCompute({ url: "http://u", key: "", keyName: "K", fetch })).rejects.toMatchObject({
      code: "engine_lost",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
