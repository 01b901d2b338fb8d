import { describe, expect, it } from "vitest";
import { makeChatClient } from "./client.ts";
import { ask, failure, many, open } from "./testing/asking.ts";
import { fakeFetch } from "./testing/fake-endpoint.ts";
import { TEXT } from "./testing/manners.ts";

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
