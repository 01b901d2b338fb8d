import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pythonSplit } from "../core/python.ts";
import { loadTask } from "../data/task-file.ts";
import type { Example, ProfileItem, QueryId } from "../data/types.ts";
import { bm25Scores } from "./bm25.ts";
import { cachedEmbed } from "./embed-cache.ts";
import { type Embed, type Retriever, rankProfile, retrieve } from "./retrieve.ts";
import { corpusText, queryText } from "./text.ts";

const task = loadTask("LaMP_4");
const item = (id: number, text: string): ProfileItem => ({
  id: `p${id}`,
  date: `20${10 + id}`,
  fields: { text, title: "" },
});
const example = (texts: readonly string[], query = "apple"): Example => ({
  task: "LaMP_4",
  id: "q" as QueryId,
  user: null,
  input: `Generate a headline for the following article: ${query}`,
  profile: texts.map((text, i) => item(i, text)),
  gold: null,
});
const ids = (items: readonly ProfileItem[]) => items.map((one) => one.id);
/** Counts letters: a stand-in for an embedding model. */
const letters: Embed = async (texts) => texts.map((text) => ["a", "b", "p"].map((c) => text.split(c).length - 1));
const options = (method: Retriever, k: number, seed = 0) => ({ method, k, seed, embed: letters });

describe("retrieve", () => {
  it("recency ranks the newest first and shows oldest first", async () => {
    const one = example(["x", "y", "z"]);
    expect(ids(await rankProfile(task, one, options("recency", 2)))).toEqual(["p2", "p1"]);
    expect(ids(await retrieve(task, one, options("recency", 2)))).toEqual(["p1", "p2"]);
  });

  it("bm25 and dense rank by score, equal scores newest first", async () => {
    const one = example(["apple pie", "nothing", "apple", "no", "no"]);
    expect(ids(await rankProfile(task, one, options("bm25", 4)))).toEqual(["p2", "p0", "p4", "p3"]);
    // Chinese has no white space: there characters are words, and not recency in disguise.
    const zh = loadTask("dianping_title");
    const posts = ["火锅很好吃，毛肚一绝", "电影院很新", "地铁站边上", "快递很慢"].map((content, i) => {
      return { id: `p${i}`, date: `20${10 + i}`, fields: { title: "无", content } };
    });
    const asked = { ...example([]), task: zh.name, input: "这家火锅的毛肚好吃吗", profile: posts };
    expect(ids(await rankProfile(zh, asked, options("bm25", 1)))).toEqual(["p0"]);
    const dense = await rankProfile(task, example(["b", "pp", "b", "ap"]), options("dense", 3));
    expect(ids(dense)).toEqual(["p1", "p3", "p2"]);
  });

  it("shows the best whole items that fit a number of characters, one at least", async () => {
    const one = example(["apple one", "apple apple pie", "x".repeat(40), "apple"]);
    const within = async (characters: number, method: Retriever = "recency") =>
      ids(await retrieve(task, one, { ...options(method, 4), characters }));
    expect(await within(0)).toEqual(["p0", "p1", "p2", "p3"]);
    expect(await within(69)).toEqual(["p0", "p1", "p2", "p3"]);
    expect(await within(68)).toEqual(["p1", "p2", "p3"]);
    // What is ranked below an item that is too much is not shown in its place.
    expect(await within(44)).toEqual(["p3"]);
    expect(await within(29, "bm25")).toEqual(["p0", "p1", "p3"]);
    expect(await within(1)).toEqual(["p3"]);
  });

  it("random differs by seed and by query, not between calls", async () => {
    const one = example(Array.from({ length: 50 }, () => "x"));
    const draw = async (seed: number, e = one) => ids(await rankProfile(task, e, options("random", 8, seed))).join();
    expect(await draw(1)).toBe(await draw(1));
    expect(await draw(1)).not.toBe(await draw(2));
    expect(await draw(1)).not.toBe(await draw(1, { ...one, id: "other" as QueryId }));
  });

  it("the official random draws with replacement", async () => {
    expect(await rankProfile(task, example(["x", "y"]), options("random_official", 8))).toHaveLength(8);
    expect(await rankProfile(task, example([]), options("random_official", 8))).toEqual([]);
  });

  it("refuses k < 1 and dense without an embedder", async () => {
    await expect(retrieve(task, example(["x"]), options("bm25", 0))).rejects.toThrow(/k = 0/);
    await expect(retrieve(task, example(["x"]), { method: "dense", k: 1, seed: 0 })).rejects.toThrow(/embedding model/);
  });

  it("laws: k distinct items of the profile, shown in the profile's order; k → k+1 only adds", async () => {
    const method = fc.constantFrom<Retriever>("recency", "random", "bm25", "dense");
    const text = fc.array(fc.constantFrom("apple", "b", "pp", "a"), { maxLength: 5 }).map((w) => w.join(" "));
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 12 }),
        method,
        fc.integer({ min: 1, max: 14 }),
        async (texts, m, k) => {
          const one = example(texts);
          const shown = ids(await retrieve(task, one, options(m, k)));
          const ranked = ids(await rankProfile(task, one, options(m, k)));
          const more = ids(await rankProfile(task, one, options(m, k + 1)));
          expect(shown).toHaveLength(Math.min(k, texts.length));
          expect(shown).toEqual(ids(one.profile).filter((id) => shown.includes(id)));
          expect([...ranked].sort()).toEqual([...shown].sort());
          expect(more.slice(0, k)).toEqual(ranked);
        },
      ),
    );
  });
});

describe("laws of each retriever", () => {
  const word = fc.constantFrom("apple", "b", "pp", "a", "pie");
  const texts = fc.array(
    fc.array(word, { maxLength: 5 }).map((words) => words.join(" ")),
    { minLength: 1, maxLength: 12 },
  );
  const k = fc.integer({ min: 1, max: 14 });

  it("recency ignores what is written, and shows the end of the profile", async () => {
    await fc.assert(
      fc.asyncProperty(texts, texts, k, async (list, other, n) => {
        const shown = ids(await retrieve(task, example(list), options("recency", n)));
        expect(shown).toEqual(list.map((_, i) => `p${i}`).slice(-n));
        const rewritten = list.map((_, i) => other[i % other.length] ?? "");
        expect(ids(await retrieve(task, example(rewritten), options("recency", n)))).toEqual(shown);
      }),
    );
  });

  it("bm25 and dense leave out nothing better, nor anything newer that is as good", async () => {
    const scores = {
      bm25: async (list: readonly string[]) =>
        bm25Scores(
          list.map((text) => ` ${text}`),
          "apple",
        ),
      dense: async (list: readonly string[]) => {
        const [query = [], ...items] = await letters(["apple", ...list]);
        return items.map((item) => Array.from(item).reduce((sum, x, i) => sum + x * (query[i] ?? 0), 0));
      },
    };
    await fc.assert(
      fc.asyncProperty(texts, k, fc.constantFrom("bm25", "dense"), async (list, n, method) => {
        const score = await scores[method](list);
        const ranked = await rankProfile(task, example(list), options(method, n));
        const places = ranked.map((one) => Number(one.id.slice(1)));
        const lead = (i: number, j: number) => (score[i] ?? 0) - (score[j] ?? 0) || i - j;
        for (const [at, i] of places.entries()) {
          if (at > 0) expect(lead(places[at - 1] ?? 0, i)).toBeGreaterThan(0);
          for (const j of list.keys()) if (!places.includes(j)) expect(lead(i, j)).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("dense doesn't hang on the vectors' scale or direction", async () => {
    const turned: Embed = async (list) =>
      (await letters(list)).map((v) => [3 * (v[1] ?? 0), -3 * (v[2] ?? 0), 3 * (v[0] ?? 0)]);
    await fc.assert(
      fc.asyncProperty(texts, k, async (list, n) => {
        const one = example(list);
        const ranked = ids(await rankProfile(task, one, options("dense", n)));
        expect(ids(await rankProfile(task, one, { ...options("dense", n), embed: turned }))).toEqual(ranked);
      }),
    );
  });

  it.each(["random", "random_official"] as const)("%s takes every item equally often", async (method) => {
    const counts = new Map<string, number>();
    const one = example(["v", "w", "x", "y", "z"]);
    for (let seed = 0; seed < 1000; seed++)
      for (const { id } of await rankProfile(task, one, options(method, 2, seed)))
        counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(counts.size).toBe(5);
    // 400 on average; the standard deviation is 18 with replacement, 15 without.
    for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(4.5 * 18);
  });

  it("random never repeats an item; the official draw repeats where k exceeds the profile", async () => {
    await fc.assert(
      fc.asyncProperty(texts, k, fc.nat(1000), async (list, n, seed) => {
        const own = ids(await rankProfile(task, example(list), options("random", n, seed)));
        expect(new Set(own).size).toBe(Math.min(n, list.length));
        const official = ids(await rankProfile(task, example(list), options("random_official", n, seed)));
        expect(official).toHaveLength(n);
        if (n > list.length) expect(new Set(official).size).toBeLessThan(n);
      }),
    );
  });
});

describe("what retrievers read", () => {
  it("takes the query after the task's mark, the whole input where it is missing", () => {
    expect(queryText(task, example([], " big news "))).toBe("big news");
    expect(queryText(loadTask("LaMP_3"), { ...example([]), input: "no mark" })).toBe("no mark");
    expect(queryText(loadTask("LaMP_7"), { ...example([]), input: "Paraphrase it: a: b" })).toBe("a: b");
  });

  it("LaMP-1: the two references, not the author's title; a quote in a title shifts them, as officially", () => {
    const ask = (input: string) => queryText(loadTask("LaMP_1"), { ...example([]), input });
    const input = (title: string) =>
      `For an author who has written the paper with the title "${title}", which reference is related? Just answer with [1] or [2] without explanation. [1]: "R one" [2]: "R two"`;
    expect(ask(input("T"))).toBe("R one R two");
    // Strings are now `A `, ` T`, `R one`, `R two`.
    expect(ask(input('A "quoted" T'))).toBe("T R one");
    expect(ask("no quotes")).toBe("no quotes");
  });

  it("corpus texts follow the task", () => {
    expect(corpusText(task, { id: "1", fields: { title: "T", text: "x {title}" } })).toBe("T x {title}");
  });

  it("splits as Python does", () => {
    expect(pythonSplit(" a\u00a0b\u001cc\u3000d\ufeffe\t\n")).toEqual(["a", "b", "c", "d\ufeffe"]);
    expect(pythonSplit("")).toEqual([]);
  });
});

describe("cachedEmbed", () => {
  const m = async () => ({ model: "m" });

  it("embeds each text once, over runs, and ignores a torn line", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "embed-")), "cache.jsonl");
    const asked: string[] = [];
    const counting: Embed = (texts) => {
      asked.push(...texts);
      return letters(texts);
    };
    const first = await cachedEmbed(counting, path, m)(["ab", "b", "ab"]);
    expect(first.map((v) => Array.from(v))).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 1, 0],
    ]);
    appendFileSync(path, '{"k":"torn","v":"AA');
    const second = await cachedEmbed(counting, path, m)(["b", "c", "ab"]);
    expect(second.map((v) => Array.from(v))).toEqual([
      [0, 1, 0],
      [0, 0, 0],
      [1, 1, 0],
    ]);
    expect(asked).toEqual(["ab", "b", "c"]);
    await cachedEmbed(counting, path, async () => ({ model: "m", folder: "changed" }))(["b"]);
    expect(asked).toHaveLength(4);
  });

  it("what came before a failure is on disk, and a line after a torn one counts", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "embed-")), "cache.jsonl");
    writeFileSync(path, '{"k":"torn","v":"AA');
    const texts = Array.from({ length: 600 }, (_, i) => "a".repeat(i + 1));
    let calls = 0;
    const failing: Embed = async (chunk) => {
      if (++calls === 2) throw new Error("no more");
      return letters(chunk);
    };
    await expect(cachedEmbed(failing, path, m)(texts)).rejects.toThrow("no more");
    const asked: string[] = [];
    const counting: Embed = (chunk) => {
      asked.push(...chunk);
      return letters(chunk);
    };
    await cachedEmbed(counting, path, m)(texts);
    expect(asked).toEqual(texts.slice(256));
  });

  it.each([
    ["too few", [[1, 2]], "1 vectors for 2 texts"],
    ["two widths", [[1, 2], [1]], "vectors of 2 and of 1 numbers"],
    [
      "not finite",
      [
        [1, 2],
        [1, Number.NaN],
      ],
      "not finite (in vector 2)",
    ],
    [
      "beyond 32-bit floats",
      [
        [1, 2],
        [1, 1e300],
      ],
      "not finite (in vector 2)",
    ],
    ["empty", [[], []], "a vector without numbers"],
  ])("%s: no such vectors are kept", async (_, vectors, says) => {
    const path = join(mkdtempSync(join(tmpdir(), "embed-")), "cache.jsonl");
    await expect(cachedEmbed(async () => vectors, path, m)(["a", "b"])).rejects.toThrow(says);
    expect(existsSync(path)).toBe(false);
  });

  it("a file with vectors that no model gives is named, with what to do", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "embed-")), "cache.jsonl");
    await cachedEmbed(letters, path, m)(["a", "b"]);
    const good = readFileSync(path, "utf8");
    const nan = Buffer.from(new Float32Array([Number.NaN]).buffer).toString("base64");
    for (const [line, at] of [
      ['{"k":"x","v":""}', `${path}:4`],
      [`{"k":"x","v":"${nan}"}`, `${path}:4`],
      ['{"k":"x","v":"AAAA"}', `${path}:4`],
    ] as const) {
      writeFileSync(path, `${good}${line}\n`);
      const error = await cachedEmbed(letters, path, m)(["a"]).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "data", hint: expect.stringContaining("delete it") });
      expect(String(error)).toContain(at);
    }
    writeFileSync(path, good);
    const wider: Embed = async (texts) => texts.map(() => [1, 2, 3, 4]);
    await expect(cachedEmbed(wider, path, m)(["a", "c"])).rejects.toThrow(`${path}: the kept embeddings are damaged`);
  });

  it("law: what comes is what the model gives, however the texts are asked for", async () => {
    const calls = fc.array(fc.array(fc.constantFrom("a", "b", "ab", "漢", "\n", ""), { maxLength: 4 }), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(calls, async (asked) => {
        const path = join(mkdtempSync(join(tmpdir(), "embed-")), "cache.jsonl");
        for (const texts of asked) {
          const cached = await cachedEmbed(letters, path, m)(texts);
          expect(cached.map((v) => Array.from(v))).toEqual((await letters(texts)).map((v) => Array.from(v)));
        }
      }),
      { numRuns: 20 },
    );
  });
});
