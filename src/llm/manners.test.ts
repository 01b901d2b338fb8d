import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { TagprError } from "../core/errors.ts";
import { type ChatClientOptions, makeChatClient } from "./client.ts";
import { patientFetch } from "./http.ts";
import { type FakeEndpoint, fakeFetch, startFakeEndpoint } from "./testing/fake-endpoint.ts";
import { POISON, replyTo, TEXT } from "./testing/manners.ts";
import type { ChatRequest, ChatResult } from "./types.ts";

const ask = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  ...{ messages: [{ role: "user", content }], n: 1, temperature: 1, maxTokens: 64, ...more },
});
const many = (count: number, more: Partial<ChatRequest> = {}) =>
  Array.from({ length: count }, (_, i) => ask(`q${i}`, more));

/** A client of the fake with that manner; nothing is slept, waits are kept. */
function open(model: string, more: Partial<ChatClientOptions> = {}) {
  const { fetch, served } = fakeFetch();
  const [said, waits]: [string[], number[]] = [[], []];
  const chat = makeChatClient({
    ...{ role: "teacher", url: "http://api.test/v1", key: "", model, fetch, concurrency: 1 },
    ...{ sleep: async (ms) => waits.push(ms), random: () => 1, say: (line) => said.push(line), ...more },
  });
  return { chat, served, said, waits };
}

async function failure(work: Promise<unknown>): Promise<TagprError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof TagprError) return error;
  throw new Error(`expected a TagprError, got ${JSON.stringify(error)}`);
}

describe("fields that a service refuses", () => {
  it.each([
    ["n1", "answered 400: n may be 1 at most here; samples are asked for one by one"],
    ["pydantic", "n: Input should be less than or equal to 1; samples are asked for one by one"],
    ["n500", "Only one completion choice is allowed; samples are asked for one by one"],
    ["ignoren", "gives one sample whatever n says; samples are asked for one by one"],
    ["temp", "this model takes temperature 1 alone; temperature is left out, so the model's own holds"],
    ["seed", "seed is not a field of this service; seed is left out"],
    ["maxtokens", "use 'max_completion_tokens' instead; max_tokens goes by the name"],
    ["plain", "unrecognized request argument supplied; temperature is left out"],
  ])("%s: left out for the rest, said once, and every sample is there", async (model, says) => {
    const { chat, said, served } = open(model);
    const results = await chat.completeMany(many(4, { n: 3, temperature: 0.5, seed: 7 }));
    expect(results.map(({ texts }) => texts)).toEqual(Array(4).fill([TEXT, TEXT, TEXT]));
    expect(said.filter((line) => line.includes(says))).toHaveLength(1);
    // What was learnt from the first request costs the others nothing.
    expect(served.requests.length).toBeLessThanOrEqual(5 + 4 * 3);
  });

  it("a field that was taken before is not blamed for a later refusal", async () => {
    const { chat, served } = open("toolong");
    const results = await chat.completeMany(many(5, { temperature: 0.5 }));
    expect(results.map(({ refused }) => refused)).toEqual([
      ...[undefined, undefined, "answered 400: too long: 8192 tokens fit", undefined, undefined],
    ]);
    expect(served.requests).toHaveLength(5);
  });
});

describe("forms of an answer", () => {
  const thought = `<think>\n想一想\n</think>\n\n${TEXT}`;
  it.each([
    ["list", thought],
    ["reasoning", `<think>\n想一想\n再想\n</think>\n\n${TEXT}`],
    ["noopen", thought],
    ["think", thought],
    ["bom", TEXT],
    ["usagefloat", TEXT],
  ])("%s is read", async (model, text) => {
    expect((await open(model).chat.complete(ask("q", { n: 2 }))).texts).toEqual([text, text]);
  });

  it("a refusal in a 200 is an outcome, also as the first answer, in the model's own words", async () => {
    expect(await open("refusal").chat.complete(ask("q"))).toMatchObject({ refused: "no", texts: ["no"] });
  });
});

describe("one request's bad end is its outcome", () => {
  it.each(["filter", "ctx"])("%s: a content refusal, before anything was answered", async (model) => {
    const [first] = await open(model).chat.completeMany(many(1));
    expect(first?.refused).toMatch(/filtered|too long/);
  });

  it("a prompt that always gets a 500, be it the first", async () => {
    const { chat, served, said } = open("poison");
    const results = await chat.completeMany([ask(POISON), ask("a"), ask(`b ${POISON}`), ask("c")]);
    expect(results.map(({ failed }) => failed)).toEqual([
      ...["answered 500: worker died", undefined, "answered 500: worker died", undefined],
    ]);
    expect(chat.spent()).toMatchObject({ failed: 2 });
    expect(said.at(-1)).toContain("2 of 4 requests got no whole answer");
    expect(served.requests).toHaveLength(2 + 2 * 6);
  });

  it("answers that come broken now and then are asked for again, three times in all, and counted", async () => {
    const { chat } = open("flaky200");
    const results = await chat.completeMany(many(30));
    expect(results.every(({ texts }) => texts[0] === TEXT)).toBe(true);
    expect(chat.spent().unusable).toBeGreaterThan(5);
  });

  it.each(["half", "html", "empty", "nomessage", "err200", "nullerr"])(
    "%s: never ends what has worked, and never blames the URL then",
    async (model) => {
      const cacheDir = await mkdtemp(join(tmpdir(), "manners-"));
      const { fetch } = fakeFetch((asked, nth) =>
        asked.messages?.[0]?.content === "q0" ? { body: OK } : replyTo({ ...asked, model }, nth),
      );
      await open(model, { fetch, cacheDir }).chat.completeMany(many(1));
      // Another process, which knows from what is kept that the endpoint has answered.
      const results = await open(model, { fetch, cacheDir }).chat.completeMany([...many(3), ask("q0", { n: 2 })]);
      expect(results.map(({ failed }) => failed !== undefined)).toEqual([false, true, true, false]);
      const error = await failure(open(model, { fetch, cacheDir }).chat.completeMany(many(40)));
      expect(error.message).toContain("10 requests in a row had no answer");
      expect(error.hint).not.toMatch(/url|v1/);
    },
  );

  it.each([
    ["html", /can't be used: <!doctype html><html>login/, /teacher\.url must be the base URL/],
    ["err200", /answered 502: the provider behind failed/, /server failed/],
    ["nullerr", /answered 200 with an error: too much load upstream/, /server failed/],
    ["down", /answered 500: out of memory/, /server failed/],
    ["streamonly", /answered 400: thinking needs a streamed call/, /teacher\.model/],
  ])("%s, and nothing else ever: ends, in the server's words", async (model, says, hint) => {
    const { chat, served } = open(model);
    const error = await failure(chat.completeMany(many(100)));
    expect(error.message).toMatch(says);
    expect(error.hint).toMatch(hint);
    expect(served.requests.length).toBeLessThanOrEqual(66);
  });
});

describe("an endpoint that is down is said to be so soon", () => {
  const unreached = (code: string) => async (): Promise<never> => {
    throw new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
  };
  it.each([
    ["ECONNREFUSED", [500, 1000, 2000, 4000, 8000]],
    ["UND_ERR_CONNECT_TIMEOUT", [500]], // each of these took seconds itself
    ["self-signed certificate CERT", []],
  ])("%s: waits %j ms", async (code, expected) => {
    const { chat, waits } = open("m", { fetch: unreached(code), concurrency: 1 });
    expect((await failure(chat.completeMany(many(9)))).message).toContain(`can't be reached (${code})`);
    expect(waits).toEqual(expected);
  });

  it("answers of 500 alone, one request after the other", async () => {
    const { chat, waits } = open("down", { concurrency: 1 });
    await failure(chat.completeMany(many(100)));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(18_000);
  });

  it("also where it has worked before", async () => {
    let up = 3;
    const { fetch } = fakeFetch(() => (up-- > 0 ? { body: OK } : { status: 500, body: "out of memory" }));
    const { chat, waits } = open("m", { fetch, concurrency: 1 });
    expect((await failure(chat.completeMany(many(100)))).message).toContain("10 requests in a row had no answer");
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(21_000);
  });
});

const OK = { choices: [{ message: { content: TEXT }, finish_reason: "stop" }] };

describe("waits", () => {
  it.each([
    ["ra", [8000]],
    ["flaky503", [500]],
  ])("%s: %j ms, then the answer", async (model, expected) => {
    const { chat, waits } = open(model);
    expect((await chat.complete(ask("q"))).texts).toEqual([TEXT]);
    expect(waits).toEqual(expected);
  });

  it("a wait is said, with the server's words and the bound", async () => {
    const { chat, said } = open("ra");
    await chat.complete(ask("q"));
    expect(said).toEqual([
      "teacher endpoint http://api.test/v1 answered 429: Rate limit reached; waiting 8 s (300 s at most, in all)",
    ]);
  });

  it("what one request is asked to wait, all wait", async () => {
    let open429 = 3;
    const { fetch, served } = fakeFetch(() =>
      open429-- > 0 ? { status: 429, headers: { "retry-after": "8" } } : { body: OK },
    );
    const { chat, said } = open("m", { fetch, concurrency: 3 });
    await chat.completeMany(many(6));
    expect(served.requests).toHaveLength(9);
    expect(said).toHaveLength(1);
  });

  it.each(["rapast", "raabsurd", "raword"])("%s: back-off, bounded by max_wait", async (model) => {
    const { chat, waits, served } = open(model, { maxWait: 20_000 });
    const error = await failure(chat.complete(ask("q")));
    expect(waits).toEqual([1000, 2000, 4000, 8000]);
    expect(served.requests).toHaveLength(5);
    expect(error.message).toContain("still busy after 15 s: answered 429: Rate limit reached");
    expect(error.hint).toContain("teacher.max_wait");
  });

  it("a wait of next to nothing, asked for again and again, is no reason to ask a thousand times", async () => {
    const { fetch, served } = fakeFetch(() => ({ status: 429, headers: { "retry-after-ms": "1" } }));
    const { chat, waits } = open("m", { fetch, maxWait: 20_000 });
    await failure(chat.complete(ask("q")));
    expect(waits).toEqual([1000, 2000, 4000, 8000]);
    expect(served.requests).toHaveLength(5);
  });

  it("a longer wait than max_wait ends the command at once", async () => {
    const { chat, waits } = open("quota");
    const error = await failure(chat.complete(ask("q")));
    expect(error.message).toContain("asks to wait 3600 s: answered 429: today's tokens are used up; again in an hour");
    expect(waits).toEqual([]);
  });

  it("when one request ends all, the others no longer wait", async () => {
    const { fetch } = fakeFetch((asked) =>
      asked.messages?.[0]?.content === "q0"
        ? { status: 429, headers: { "retry-after": "200" } }
        : { status: 401, body: { error: "no such key" } },
    );
    // The clock's own sleep: were it waited out, this test would not end in time.
    const chat = makeChatClient({
      ...{ role: "teacher", url: "http://api.test/v1", key: "", model: "m", fetch, concurrency: 2 },
    });
    expect((await failure(chat.completeMany(many(2)))).message).toContain("no such key");
  });

  it("no money: no wait would help", async () => {
    const { chat, served } = open("insufficient");
    expect((await failure(chat.completeMany(many(9)))).message).toContain("the account has no money left");
    expect(served.requests).toHaveLength(1);
  });
});

describe("every paid sample is kept as it comes", () => {
  it.each([
    ["third500", { failed: "answered 500: worker died" }],
    ["mid400", { refused: "answered 400: flagged" }],
  ])("%s: the two that came are in the answer, and on disk", async (model, end) => {
    const cacheDir = await mkdtemp(join(tmpdir(), "manners-"));
    const result: ChatResult = await open(model, { cacheDir }).chat.complete(ask("q", { n: 16 }));
    expect(result).toMatchObject({ texts: [TEXT, TEXT], usage: { promptTokens: 10, completionTokens: 10 }, ...end });
    const kept = readFileSync(join(cacheDir, "teacher.jsonl"), "utf8").trim().split("\n");
    expect(kept.filter((line) => line.includes(TEXT))).toHaveLength(2);
    // Another process asks for the other samples only.
    const { fetch, served } = fakeFetch((asked, nth) => replyTo({ ...asked, model: "ignoren" }, nth));
    const later = open(model, { cacheDir, fetch });
    const whole = await later.chat.complete(ask("q", { n: 16 }));
    expect(whole.texts).toHaveLength(model === "third500" ? 16 : 2);
    expect(served.requests).toHaveLength(model === "third500" ? 14 : 0);
    expect(later.chat.spent().completionTokens).toBe(5 * whole.texts.length);
  });

  it("one broken choice costs none of its neighbours", async () => {
    const whole = { message: { content: TEXT }, finish_reason: "stop" };
    const { fetch, served } = fakeFetch(({ n = 1 }) => ({
      body: { choices: n === 4 ? [whole, null, { message: null }, whole] : Array(n).fill(whole) },
    }));
    const result = await open("m", { fetch }).chat.complete(ask("q", { n: 4 }));
    expect(result.texts).toEqual([TEXT, TEXT, TEXT, TEXT]);
    expect(served.requests.map(({ n }) => n)).toEqual([4, 2]);
  });

  it("a cache of before parts were kept is read", async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), "manners-"));
    // As revision a2a3ce4 wrote it: a whole answer under the hash of its request.
    const value = {
      texts: ["a", "b", "c"],
      truncated: [false, false, true],
      usage: { promptTokens: 5, completionTokens: 15 },
    };
    writeFileSync(
      join(cacheDir, "teacher.jsonl"),
      `${JSON.stringify({ key: "55195c02d89516b9e51178acaafbda62", value })}\n`,
    );
    const { chat, served } = open("ordinary", { cacheDir });
    expect(await chat.complete(ask("q", { n: 3 }))).toEqual(value);
    expect(served.requests).toEqual([]);
  });

  it("a line that no client wrote is no answer", async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), "manners-"));
    const values = [
      null,
      3,
      {},
      { texts: "abc" },
      { texts: [1], truncated: [false], usage: {} },
      {
        ...{ texts: ["a"], truncated: [false], usage: { completionTokens: 5 } }, // no sum would be a number any more
      },
    ];
    for (const value of values) {
      writeFileSync(
        join(cacheDir, "teacher.jsonl"),
        `${JSON.stringify({ key: "55195c02d89516b9e51178acaafbda62", value })}\n`,
      );
      expect((await open("ordinary", { cacheDir }).chat.complete(ask("q", { n: 3 }))).texts).toEqual([
        TEXT,
        TEXT,
        TEXT,
      ]);
    }
  });

  it("the cost counts each paid answer once", async () => {
    const { chat } = open("ordinary", { prices: { in: 1e6, out: 1e6 } });
    await chat.completeMany([ask("q"), ask("q"), ask("q")]);
    await chat.complete(ask("q"));
    expect(chat.spent()).toMatchObject({ requests: 1, cached: 3, promptTokens: 5, completionTokens: 5, dollars: 10 });
  });
});

it("no part of a key that a server repeats is shown, wherever its sentence is cut", async () => {
  const key = "sk-0123456789abcdefghijklmnopqrstuvwxyz";
  for (const before of [0, 150, 270, 285, 299]) {
    const { fetch } = fakeFetch(() => ({ status: 401, body: { error: `${"x".repeat(before)}${key} is wrong` } }));
    const error = await failure(open("m", { fetch, key }).chat.complete(ask("q")));
    expect(error.message).not.toContain("sk-0");
  }
});

it("a redirect to another origin is refused, and what stands in its query is not repeated", async () => {
  const { chat, served } = open("redirect");
  const error = await failure(chat.completeMany(many(5)));
  expect(error.message).toContain("redirects to another address, http://elsewhere.test/v1/chat/completions;");
  expect(`${error.message} ${error.hint}`).not.toContain("hidden");
  expect(served.requests).toHaveLength(1);
});

describe("over a socket", () => {
  let server: FakeEndpoint;
  beforeAll(async () => {
    server = await startFakeEndpoint();
  });
  afterAll(() => server.close());
  const socket = (model: string, timeout: number) => open(model, { url: server.url, fetch: patientFetch(), timeout });

  it.each([
    ["silent", /gave no whole answer within 0.05 s/],
    ["never", /gave no whole answer within 0.05 s/],
    ["cut", /gave no whole answer, the connection was cut/],
  ])("%s: asked again, three times in all, then an outcome", async (model, says) => {
    const error = await failure(socket(model, 50).chat.complete(ask("q")));
    expect(error.message).toMatch(says);
    expect(server.served.requests.filter((asked) => asked.model === model)).toHaveLength(3);
  });

  it("an answer that takes ten minutes arrives, and was asked for once", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    try {
      const patient = await startFakeEndpoint({
        answer: async (asked) => {
          // Undici's clock runs on these timers too: at its defaults it gives up after 300 s.
          await vi.advanceTimersByTimeAsync(600_000);
          return replyTo(asked, 1);
        },
      });
      const { chat } = open("ordinary", { url: patient.url, fetch: patientFetch(), timeout: 1_200_000 });
      expect((await chat.complete(ask("q"))).texts).toEqual([TEXT]);
      expect(patient.served.requests).toHaveLength(1);
      await patient.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("nobody there", async () => {
    const gone = await startFakeEndpoint();
    await gone.close();
    const { chat } = open("m", { url: gone.url, fetch: patientFetch() });
    const error = await failure(chat.complete(ask("q")));
    expect(error.message).toContain("can't be reached");
    expect(error.hint).toContain("teacher.url");
  });
});
