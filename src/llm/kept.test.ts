import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, open } from "./testing/asking.ts";
import { fakeFetch } from "./testing/fake-endpoint.ts";
import { replyTo, TEXT } from "./testing/manners.ts";
import type { ChatResult } from "./types.ts";

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
