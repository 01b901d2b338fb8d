import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { patientFetch } from "./http.ts";
import { ask, failure, many, open } from "./testing/asking.ts";
import { type FakeEndpoint, fakeFetch, startFakeEndpoint } from "./testing/fake-endpoint.ts";
import { POISON, replyTo, TEXT } from "./testing/manners.ts";

const OK = { choices: [{ message: { content: TEXT }, finish_reason: "stop" }] };

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
