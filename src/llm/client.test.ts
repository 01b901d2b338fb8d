import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TagprError } from "../core/errors.ts";
import { type ChatClientOptions, makeChatClient } from "./client.ts";
import { type Flights, makeFlights } from "./flights.ts";
import type { Fetch } from "./http.ts";
import type { ChatRequest } from "./types.ts";

const KEY = "sk-very-secret";
const ask = (content: string, n = 1): ChatRequest => ({
  messages: [{ role: "user", content }],
  n,
  temperature: 1,
  maxTokens: 64,
});

type Body = { messages: { content: string }[]; n?: number; max_tokens?: number; max_completion_tokens?: number };
type Answer = (body: Body, call: number) => Response | Promise<Response>;

/** A server in a function: counts calls and the most that were in flight at once. */
function fakeServer(reply: Answer) {
  const seen = { calls: 0, flying: 0, most: 0, headers: [] as string[] };
  const fake: Fetch = async (_, init) => {
    seen.most = Math.max(seen.most, ++seen.flying);
    seen.headers.push(new Headers(init.headers).get("authorization") ?? "");
    const call = seen.calls++;
    await Promise.resolve();
    try {
      return await reply(JSON.parse(init.body) as Body, call);
    } finally {
      seen.flying--;
    }
  };
  return { fake, seen };
}

const choices = (texts: string[], more: object = {}): Response =>
  Response.json({
    choices: texts.map((content) => ({ message: { content }, finish_reason: "stop", ...more })),
    usage: { prompt_tokens: 10, completion_tokens: 5 * texts.length },
  });
const echo: Answer = (body) =>
  choices(Array.from({ length: body.n ?? 1 }, (_, i) => `${body.messages[0]?.content} ${i}`));

const client = (fake: Fetch, more: Partial<ChatClientOptions> = {}) =>
  makeChatClient({
    ...{ role: "teacher", url: "http://api.test/v1", key: KEY, model: "m", fetch: fake },
    ...{ sleep: async () => {}, random: () => 1, ...more },
  });

async function failure(promise: Promise<unknown>): Promise<TagprError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof TagprError) return error;
  throw new Error(`expected a TagprError, got ${String(error)}`);
}

const cacheDir = () => mkdtempSync(join(tmpdir(), "tagpr-llm-"));

describe("answers", () => {
  test("come in the order of the requests, with at most `concurrency` in flight", async () => {
    const { fake, seen } = fakeServer(echo);
    const done: number[] = [];
    const results = await client(fake, { concurrency: 3 }).completeMany(
      Array.from({ length: 20 }, (_, i) => ask(`q${i}`, 2)),
      (count) => done.push(count),
    );
    expect(results.map((result) => result.texts)).toEqual(Array.from({ length: 20 }, (_, i) => [`q${i} 0`, `q${i} 1`]));
    expect(seen.most).toBeLessThanOrEqual(3);
    expect(done.at(-1)).toBe(20);
  });

  test("reasoning in a field of its own, or without its opening tag, becomes one <think> block", async () => {
    const replies = [
      { content: "yes", reasoning_content: "because" },
      { content: "because\n</think>\n\nyes" },
      { content: "<think>\nbecause\n</think>\n\nyes" },
    ];
    const { fake } = fakeServer((_, call) =>
      Response.json({ choices: [{ message: replies[call], finish_reason: "stop" }] }),
    );
    const model = client(fake);
    for (const question of ["a", "b", "c"])
      expect((await model.complete(ask(question))).texts).toEqual(["<think>\nbecause\n</think>\n\nyes"]);
  });

  test("a server that gives one choice whatever n says is asked again until there are n", async () => {
    const { fake, seen } = fakeServer((_, call) => choices([`s${call}`]));
    const result = await client(fake).complete(ask("q", 3));
    expect(result.texts).toEqual(["s0", "s1", "s2"]);
    expect(result.usage).toEqual({ promptTokens: 30, completionTokens: 15 });
    expect(seen.calls).toBe(3);
  });

  test("samples that ran into the limit are marked", async () => {
    const { fake } = fakeServer(() => choices(["half of"], { finish_reason: "length" }));
    expect((await client(fake).complete(ask("q"))).truncated).toEqual([true]);
  });
});

describe("the cache", () => {
  test("answers again without asking, also in another process, at the same stated cost", async () => {
    const dir = cacheDir();
    const { fake, seen } = fakeServer(echo);
    const prices = { in: 1e6, out: 2e6 };
    const first = client(fake, { cacheDir: dir, prices });
    const answer = await first.complete(ask("q", 2));
    const second = client(fake, { cacheDir: dir, prices });
    expect(await second.complete(ask("q", 2))).toEqual(answer);
    expect(seen.calls).toBe(1);
    expect(second.spent()).toEqual({ ...first.spent(), requests: 0, cached: 1 });
    expect(first.spent().dollars).toBe(10 + 2 * 10);
  });

  test("another n, temperature or model is another request", async () => {
    const dir = cacheDir();
    const { fake, seen } = fakeServer(echo);
    const model = client(fake, { cacheDir: dir });
    await model.completeMany([ask("q"), ask("q", 2), { ...ask("q"), temperature: 0 }]);
    await client(fake, { cacheDir: dir, model: "other" }).complete(ask("q"));
    expect(seen.calls).toBe(4);
  });

  test("equal requests in flight are asked once", async () => {
    const { fake, seen } = fakeServer(echo);
    await client(fake).completeMany([ask("q"), ask("q"), ask("q")]);
    expect(seen.calls).toBe(1);
  });

  test("a line torn by a crash is asked again, and the file goes on being readable", async () => {
    const dir = cacheDir();
    const { fake, seen } = fakeServer(echo);
    const path = join(dir, "teacher.jsonl");
    await client(fake, { cacheDir: dir }).completeMany([ask("a"), ask("b")]);
    writeFileSync(path, readFileSync(path, "utf8").slice(0, -20));
    await client(fake, { cacheDir: dir }).completeMany([ask("a"), ask("b")]);
    await client(fake, { cacheDir: dir }).completeMany([ask("a"), ask("b")]);
    expect(seen.calls).toBe(3);
  });

  test("what was answered before a failure is kept", async () => {
    const dir = cacheDir();
    const broken = fakeServer((body, call) => (call < 2 ? echo(body, call) : new Response("", { status: 401 })));
    const all = [ask("a"), ask("b"), ask("c")];
    await failure(client(broken.fake, { cacheDir: dir, concurrency: 1 }).completeMany(all));
    const { fake, seen } = fakeServer(echo);
    await client(fake, { cacheDir: dir }).completeMany(all);
    expect(seen.calls).toBe(1);
  });
});

describe("failures", () => {
  test.each([
    [401, /refused.*MY_KEY/],
    [402, /credit/],
    [404, /model name "m"/],
    [429, /[Rr]ate limit.*teacher\.concurrency.*teacher\.max_wait/],
    [500, /server failed/],
    [400, /teacher\.model/],
  ])("%i says which endpoint and what to do", async (status, hint) => {
    const { fake } = fakeServer(() => Response.json({ error: { message: `no, ${KEY}` } }, { status }));
    const error = await failure(client(fake, { keyName: "MY_KEY" }).complete(ask("q")));
    expect(error.code).toBe("llm");
    expect(error.message).toMatch(new RegExp(`^teacher endpoint http://api.test/v1: .*answered ${status}`));
    expect(error.hint).toMatch(hint);
  });

  test("an endpoint that is down", async () => {
    const down: typeof fetch = () => Promise.reject(new TypeError("connect ECONNREFUSED"));
    const error = await failure(client(down).complete(ask("q")));
    expect(error.message).toContain("can't be reached");
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.hint).toContain("teacher.url");
  });

  test("passing failures are tried again, lasting ones end the batch early", async () => {
    const passing = fakeServer((body, call) => (call === 0 ? new Response("", { status: 429 }) : echo(body, call)));
    expect((await client(passing.fake).complete(ask("q"))).texts).toEqual(["q 0"]);
    const lasting = fakeServer(() => new Response("", { status: 401 }));
    const many = Array.from({ length: 50 }, (_, i) => ask(`q${i}`));
    await failure(client(lasting.fake, { concurrency: 2 }).completeMany(many));
    expect(lasting.seen.calls).toBeLessThanOrEqual(2);
  });

  test("one request that an answering endpoint will not have is marked, the others go on", async () => {
    const { fake } = fakeServer((body, call) =>
      body.messages[0]?.content === "b"
        ? Response.json({ error: { message: `too long, ${KEY}` } }, { status: 400 })
        : echo(body, call),
    );
    const results = await client(fake, { concurrency: 1 }).completeMany([ask("a"), ask("b"), ask("c")]);
    expect(results.map((result) => result.texts.length)).toEqual([1, 0, 1]);
    expect(results[1]?.refused).toBe("answered 400: too long, [key]");
  });

  test("a refusal is kept like an answer: another process comes to the same, and is not stopped by it", async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), "tagpr-llm-"));
    const { fake, seen } = fakeServer((body, call) =>
      ["b", "d"].includes(body.messages[0]?.content ?? "")
        ? Response.json({ error: { message: "too long" } }, { status: 400 })
        : echo(body, call),
    );
    const asked = [ask("a"), ask("b")];
    const first = await client(fake, { concurrency: 1, cacheDir }).completeMany(asked);
    expect(await client(fake, { concurrency: 1, cacheDir }).completeMany(asked)).toEqual(first);
    expect(seen.calls).toBe(2);
    // A process that has asked nothing yet, but knows from what is kept that the endpoint answers.
    const later = await client(fake, { concurrency: 1, cacheDir }).completeMany([ask("a"), ask("d")]);
    expect(later[1]?.refused).toContain("too long");
  });

  test.each([
    [{ url: "localhost" }, /^teacher\.url "localhost" is not a URL/],
    [{ url: "http://me:hidden@api.test/v1" }, /^teacher\.url holds a user name or a password/],
    [{ url: "http://api.test/v1?api_key=hidden" }, /^teacher\.url holds what looks like a key in its query/],
    [{ keyName: "sk-hidden1234567890abcd" }, /where the name of an environment variable belongs/],
    [{ key: "sk-hidden\nX" }, /the key in OPENAI_API_KEY holds a blank, a line end/],
  ])("a setting that can't be right is a usage error which doesn't repeat it: %#", (more, says) => {
    const error = (() => {
      try {
        return client(fetch, more);
      } catch (thrown) {
        return thrown as TagprError;
      }
    })() as TagprError;
    expect(error.message).toMatch(says);
    expect(`${error.message} ${error.hint}`).not.toContain("hidden");
  });
});

test("the key goes into the header and nowhere else", async () => {
  const dir = cacheDir();
  const { fake, seen } = fakeServer(echo);
  const model = client(fake, { cacheDir: dir });
  await model.complete(ask("q"));
  expect(seen.headers).toEqual([`Bearer ${KEY}`]);
  expect(readFileSync(join(dir, "teacher.jsonl"), "utf8")).not.toContain(KEY);
  expect(JSON.stringify([model.name, model.spent()])).not.toContain(KEY);
  for (const status of [400, 401, 500]) {
    const echoing = fakeServer(() => new Response(`bad key ${KEY}`, { status }));
    const error = await failure(client(echoing.fake).complete(ask("q")));
    expect(`${error.message} ${error.hint} ${error.stack} ${String(error.cause)}`).not.toContain(KEY);
  }
});

test("once so many dollars are paid nothing more is asked for, over all models of a command; kept answers cost nothing again", async () => {
  const dir = cacheDir();
  const prices = { in: 100, out: 1000 }; // a request: 10 and 5 tokens, $0.006
  const asking = (flights: Flights) => {
    const { fake, seen } = fakeServer(echo);
    return { seen, asked: client(fake, { cacheDir: dir, prices, flights, concurrency: 1 }) };
  };
  const first = asking(makeFlights(0.015));
  const error = await failure(first.asked.completeMany([..."abcde"].map((text) => ask(text))));
  expect(error).toMatchObject({
    code: "llm",
    message: "$0.0180 are spent, and this command may spend $0.015 (--max-cost)",
  });
  expect(first.seen.calls).toBe(3);
  const again = asking(makeFlights(0.015));
  expect(await again.asked.completeMany([..."abcde"].map((text) => ask(text)))).toHaveLength(5);
  expect(again.seen.calls).toBe(2);
});
