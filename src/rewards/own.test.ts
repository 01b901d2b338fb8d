import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import type { PostInit } from "../llm/http.ts";
import { fileStore, memoryStore } from "../llm/store.ts";
import { makeOwnSignal, type OwnItem, type OwnScore } from "./own.ts";
import { httpScore } from "./own-http.ts";
import { moduleScore } from "./own-module.ts";
import { weightsOf } from "./weights.ts";

const item = (query: string, response = "so"): OwnItem => ({
  ...{ task: "LaMP_2", query, user: "u1", input: "?", shown: [], gold: "comedy" },
  ...{ response, answer: "comedy", steps: [], truncated: false },
});
const items = ["q1", "q2", "q3", "q4", "q5"].map((query) => item(query));
const file = (name: string, text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), "own-")), name);
  writeFileSync(path, text);
  return path;
};
const made = (ask: OwnScore, store = memoryStore<number>(), identity = "v1") =>
  makeOwnSignal({ name: "mine", ask, identity, store, batch: 2, concurrency: 2 });

describe("a signal of one's own", () => {
  it("is asked in batches, once for each response, also by a process that goes on", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "own-")), "cache", "mine.jsonl");
    const asked: string[][] = [];
    let next = 0;
    const ask: OwnScore = async (some) => {
      asked.push(some.map(({ query }) => query));
      return some.map(() => next++ / 3);
    };
    const first = await made(ask, fileStore(path)).score(items);
    expect(asked).toEqual([["q1", "q2"], ["q3", "q4"], ["q5"]]);
    expect(await made(ask, fileStore(path)).score(items)).toEqual(first);
    expect(asked).toHaveLength(3);
    // Another text, or another version of the scorer, is another question.
    await made(ask, fileStore(path)).score([item("q1", "other")]);
    await made(ask, fileStore(path), "v2").score(items.slice(0, 1));
    expect(asked).toHaveLength(5);
  });

  for (const [what, bad] of [
    ["NaN", Number.NaN],
    ["null", null],
    ["undefined", undefined],
    ["a text", "0.5"],
    ["infinity", Number.POSITIVE_INFINITY],
  ] as const)
    it(`that gives ${what} for a response is an error which names it, and loses no other score`, async () => {
      const store = memoryStore<number>();
      let mended = false;
      const asked: string[] = [];
      const ask: OwnScore = async (some) => {
        asked.push(...some.map(({ query }) => query));
        return some.map(({ query }) => (query === "q4" && !mended ? bad : 1));
      };
      const says = typeof bad === "string" ? `"${bad}"` : String(bad);
      await expect(made(ask, store).score(items)).rejects.toThrow(
        `rewards.own.mine gave no number in 1 of 2 scores: ${says} for a response to LaMP_2/q4`,
      );
      mended = true;
      asked.length = 0;
      expect(await made(ask, store).score(items)).toEqual([1, 1, 1, 1, 1]);
      expect(asked).toEqual(["q4", "q5"]);
    });

  it("that gives too few scores, or none, is an error", async () => {
    await expect(made(async () => [1]).score(items)).rejects.toThrow(/answered 1 scores for 2 responses/);
    await expect(made(async () => "1" as unknown as number[]).score(items)).rejects.toThrow(/no list of scores/);
  });
});

describe("a module", () => {
  it("may be JavaScript or TypeScript, sync or async, with a default or a `score`", async () => {
    const texts = [
      ["a.mjs", "export default (items) => items.map((x) => x.response.length);"],
      [
        "b.ts",
        "type A = { response: string }; export const score = async (items: A[]): Promise<number[]> => items.map((x) => x.response.length);",
      ],
    ] as const;
    for (const [name, text] of texts) {
      const score = await moduleScore("mine", file(name, text), 1000);
      expect(await score([item("q1", "four"), item("q2", "")])).toEqual([4, 0]);
    }
  });
  it("that is not there, exports nothing, throws or takes too long is told in a sentence", async () => {
    await expect(moduleScore("mine", "/nowhere/a.mjs", 1000)).rejects.toThrow(/no module \/nowhere\/a\.mjs/);
    await expect(moduleScore("mine", file("a.mjs", "export const x = 1;"), 1000)).rejects.toThrow(
      /exports no function/,
    );
    await expect(moduleScore("mine", file("a.mjs", "export default ("), 1000)).rejects.toThrow(/can't be loaded/);
    const throwing = await moduleScore("mine", file("a.mjs", "export default () => { throw new Error('oh'); };"), 1000);
    await expect(throwing(items)).rejects.toThrow(/a\.mjs failed: Error: oh/);
    const slow = await moduleScore("mine", file("a.mjs", "export default () => new Promise(() => {});"), 5);
    await expect(slow(items)).rejects.toThrow(/no answer in 0\.005 s/);
  });
  it("is waited for by a process that has nothing else to do, and not after its answer", async () => {
    const waits = vi.spyOn(globalThis, "setTimeout");
    const ended = vi.spyOn(globalThis, "clearTimeout");
    const own = () => waits.mock.results.find((_, i) => waits.mock.calls[i]?.[1] === 60_000)?.value as NodeJS.Timeout;
    let answer: (scores: number[]) => void = () => undefined;
    Object.assign(globalThis, { scoresToCome: new Promise((resolve) => (answer = resolve)) });
    const score = await moduleScore("mine", file("a.mjs", "export default () => globalThis.scoresToCome;"), 60_000);
    const scores = score(items);
    expect(own().hasRef()).toBe(true);
    expect(ended).not.toHaveBeenCalledWith(own());
    answer([1]);
    expect(await scores).toEqual([1]);
    expect(ended).toHaveBeenCalledWith(own());
    vi.restoreAllMocks();
  });
});

describe("a scorer over HTTP", () => {
  const scorer = (replies: readonly (Response | Error)[], seen: [string, PostInit][] = []) => {
    const left = [...replies];
    return httpScore({
      ...{ name: "mine", url: "http://127.0.0.1:1", key: "secret", timeout: 1000 },
      fetch: async (url, init) => {
        seen.push([url, init]);
        const next = left.shift();
        if (next === undefined || next instanceof Error) throw next ?? new Error("asked too often");
        return next;
      },
      sleep: async () => undefined,
    });
  };
  const good = () => Response.json({ scores: [1, 2, 3, 4, 5] });
  it("gets the signal's name and the items, with the key, and answers scores", async () => {
    const seen: [string, PostInit][] = [];
    expect(await scorer([good()], seen)(items)).toEqual([1, 2, 3, 4, 5]);
    expect(seen[0]?.[0]).toBe("http://127.0.0.1:1/score");
    expect(JSON.parse(String(seen[0]?.[1].body))).toEqual({ signal: "mine", items });
    expect(seen[0]?.[1].headers).toMatchObject({ authorization: "Bearer secret" });
  });
  it("is asked again where that can help; else it is told who failed and how", async () => {
    const seen: [string, PostInit][] = [];
    await scorer([new Error("ECONNRESET"), new Response("busy", { status: 503 }), good()], seen)(items);
    expect(seen).toHaveLength(3);
    const down = Array.from({ length: 20 }, () => new Response("down", { status: 500 }));
    await expect(scorer(down)(items)).rejects.toThrow(
      /rewards\.own\.mine endpoint http:\/\/127\.0\.0\.1:1.* answered 500: down/,
    );
    const denied = scorer([new Response("who?", { status: 401 }), good()])(items);
    await expect(denied).rejects.toMatchObject({ code: "llm", hint: expect.stringContaining("rewards.own.mine") });
    const pages = Array.from({ length: 20 }, () => new Response("<html>"));
    await expect(scorer(pages)(items)).rejects.toThrow(/can't be used/);
    const strange = Array.from({ length: 20 }, () => Response.json({ score: 1 }));
    await expect(scorer(strange)(items)).rejects.toThrow(/no \{"scores": \[number, …\]\}/);
  });
});

describe("weights", () => {
  const at = (given: object, stage: "guided" | "explore", task = "LaMP_2") => {
    const { rewards, ...stages } = configSchema.parse(given);
    return weightsOf({ rewards, stage, own: stages[stage].rewards }, task);
  };
  const mine = { own: { mine: { module: "a.mjs", weight: 0.3 } } };
  it("of the paper: five in guided RL, the foundation signals in exploratory RL", () => {
    expect(at({}, "guided")).toEqual({
      ...{ verifiable: 1, format: 0.1, repetition: 0.1, tag: 0.1, personalization: 0.2, grounding: 0 },
    });
    expect(at({}, "explore")).toEqual({
      ...{ verifiable: 1, format: 0.1, repetition: 0.1, tag: 0, personalization: 0, grounding: 0 },
    });
    // Truth, where it has a weight, has it in both.
    expect(at({ rewards: { grounding: 0.3 } }, "explore")).toMatchObject({ grounding: 0.3, tag: 0 });
  });
  it("of a task, of a stage, of a task in a stage: the later one holds", () => {
    const rewards = { ...mine, of: { LaMP_4: { personalization: 0.5, own: { mine: 0.7 } } } };
    const guided = { rewards: { tag: 0.9, of: { LaMP_4: { tag: 0.8 } } } };
    const explore = { rewards: { personalization: 0.4, own: { mine: 0.6 } } };
    const all = { rewards, guided, explore };
    expect(at(all, "guided")).toMatchObject({ tag: 0.9, personalization: 0.2, mine: 0.3 });
    expect(at(all, "guided", "LaMP_4")).toMatchObject({ tag: 0.8, personalization: 0.5, mine: 0.7 });
    expect(at(all, "explore")).toMatchObject({ tag: 0, personalization: 0.4, mine: 0.6 });
    expect(at({ rewards }, "explore", "LaMP_4")).toMatchObject({ personalization: 0, mine: 0 });
  });
  it("refuses a signal with no source or two, and a name that is taken", () => {
    const parse = (own: object) => () => configSchema.parse({ rewards: { own } });
    expect(parse({ mine: {} })).toThrow(/either `module` or `url`/);
    expect(parse({ mine: { module: "a", url: "b" } })).toThrow(/either `module` or `url`/);
    expect(parse({ tag: { module: "a" } })).toThrow(/TagPR has itself/);
    expect(parse({ "my-own": { module: "a" } })).toThrow(/small letters/);
  });
});
