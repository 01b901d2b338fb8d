import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatModel } from "../../llm/types.ts";
import { sentence } from "../problem.ts";
import { loadTask } from "../task-file.ts";
import { holdOut, toExample } from "./build.ts";
import { gramsOf, nearOf, type Sketch, sketchOf, squeezed } from "./near.ts";
import { neutralize } from "./neutral.ts";
import { type Post, readPosts } from "./posts.ts";
import { cleanPosts, countsOf, RULES } from "./rules.ts";

const LONG = "这家店的牛肉面汤头浓郁面条筋道价格也公道下次还会再来";
/** Contents that have no 5-gram in common. */
const content = (i: number): string =>
  Array.from({ length: 24 }, (_, k) => String.fromCodePoint(0x4e00 + 40 * i + k)).join("");
const post = (i: number, user = "ann", more: Partial<Post> = {}): Post => ({
  ...{ id: `${user}-${i}`, user, title: `标题${i}`, content: content(i) },
  ...{ date: `2020-01-${String(i + 1).padStart(2, "0")}`, ...more },
});
const posts = (n: number, user = "ann"): Post[] =>
  Array.from({ length: n }, (_, i) =>
    post(i + (user === "ann" ? 0 : 100), user, { date: `2020-01-${String(i + 1).padStart(2, "0")}` }),
  );

describe("readPosts", () => {
  it("takes columns by their usual names, English or Chinese; bad rows are told one by one", async () => {
    const problems: string[] = [];
    const rows = [
      { 用户: "a", 标题: "好", 正文: LONG, 日期: "2020-01-01" },
      { user_id: 7, title: "t", text: LONG, time: "2020-01-02 12:30:00", id: 1 },
      { user_id: 7, title: "t", text: "", time: "2020-01-02" },
      { title: "t", text: LONG, time: "2020-01-02" },
      { user_id: 7, title: "t", text: LONG, time: "去年" },
      { user_id: 7, title: "t", text: LONG, time: "2020-01-02", id: "1" },
      { user_id: 2 ** 60, title: "t", text: LONG, time: "2020-01-02" },
    ];
    const read = await readPosts(rows, { onProblem: (problem) => problems.push(sentence(problem)) });
    expect(read.map(({ id, user }) => [id, user])).toEqual([
      ["post-1", "a"],
      ["1", "7"],
    ]);
    expect(problems).toEqual([
      expect.stringMatching(/^row 3: no content/),
      expect.stringMatching(/^row 4: no user/),
      expect.stringMatching(/^row 6: an id that stands twice \(1\)/),
      expect.stringMatching(/^row 7: user_id is a number beyond .*\(1152921504606847000\)/),
      expect.stringMatching(/^row 5: the date can't be read \("去年"\)/),
    ]);
  });
});

describe("cleanPosts", () => {
  const reasons = (list: Post[]) => cleanPosts(list, RULES).removed.map(({ post: { id }, reason }) => [id, reason]);

  it.each([
    ["a link", `${LONG} https://x.cn/1`],
    ["a link", `${LONG} www.shop.com`],
    ["a phone number", `${LONG}电话13812345678`],
    ["a contact to add", `${LONG}加我微信看看`],
    ["words of selling", `${LONG}诚招代理`],
  ])("removes an advertisement: %s", (name, text) => {
    const [removed] = cleanPosts([post(1, "ann", { content: text })], RULES).removed;
    expect(removed).toMatchObject({ reason: "advertisement", detail: name });
  });

  it("an honest post with prices, numbers and the word 微信支付 stays", () => {
    expect(reasons([post(1, "ann", { content: `${LONG}，人均128元，可以微信支付，排了45分钟队` })])).toEqual([]);
  });

  it("short contents, short titles, duplicates of anyone, near duplicates of the same user", () => {
    const long = content(7).repeat(3);
    const list = [
      post(1, "ann", { content: "好吃" }),
      post(2, "ann", { title: "" }),
      post(3, "ann", { content: LONG }),
      post(4, "bob", { content: `${LONG}！！` }),
      post(5, "ann", { content: long }),
      post(6, "ann", { content: `${long}。再来` }),
      post(7, "bob", { content: `${long}呀` }),
    ];
    expect(reasons(list)).toEqual([
      ["ann-1", "short content"],
      ["ann-2", "short title"],
      ["bob-4", "duplicate"],
      ["ann-6", "near duplicate"],
    ]);
    expect(countsOf(cleanPosts(list, RULES))).toEqual({
      ...{ "short content": 1, "short title": 1, advertisement: 0, duplicate: 1, "near duplicate": 1 },
    });
    expect(cleanPosts(list, { ...RULES, nearDuplicate: 1 }).removed).toHaveLength(3);
  });
});

describe("near duplicates", () => {
  const contentOf = fc
    .array(fc.constantFrom("好", "吃", "店", "新", "😋", "，"), { maxLength: 40 })
    .map((c) => c.join(""));

  it("law: the first of the user's posts with that share of 5-grams in common, whatever the share", () => {
    const plain = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
      [...a].filter((gram) => b.has(gram)).length / Math.max(1, new Set([...a, ...b]).size);
    const edited = fc
      .tuple(contentOf, fc.nat(40), contentOf)
      .map(([text, at, more]) => [text, text.slice(0, at) + more.slice(0, 2) + text.slice(at)]);
    fc.assert(
      fc.property(
        fc.array(edited, { maxLength: 5 }),
        fc.constantFrom(0.1, 0.3, 0.5, 0.7, 0.9, 0.99),
        (pairs, share) => {
          const own: Sketch[] = [];
          for (const [i, text] of pairs.flat().entries()) {
            const one = post(i, "ann", { content: text });
            const grams = gramsOf(squeezed(text));
            const expected = own.find(({ post: { content } }) => plain(grams, gramsOf(squeezed(content))) >= share);
            const sketch = sketchOf(one, grams, share);
            expect(nearOf(sketch, grams, own, share)?.id).toBe(expected?.post.id);
            own.push(sketch);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("what is kept of a post is a tenth of its 5-grams, four bytes each", () => {
    const long = Array.from({ length: 1004 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("");
    const { size, least } = sketchOf(post(1), gramsOf(long), 0.9);
    expect([size, least.byteLength]).toEqual([1000, 4 * 101]);
  });
});

describe("holdOut", () => {
  const options = { holdOut: "ninth", users: 1000, seed: 0 } as const;
  const ids = (list: readonly Post[]) => list.map(({ id }) => id);

  it("ninth: the eight newest are the profile, oldest first, the ninth newest is asked; eight posts are too few", () => {
    const { held, tooFew } = holdOut([...posts(11), ...posts(8, "bob")].reverse(), options);
    expect(tooFew).toBe(1);
    expect(held).toHaveLength(1);
    expect(held[0]?.post.id).toBe("ann-2");
    expect(ids(held[0]?.profile ?? [])).toEqual([3, 4, 5, 6, 7, 8, 9, 10].map((i) => `ann-${i}`));
  });

  it("newest: the newest is asked, nothing in the profile is later", () => {
    const [one] = holdOut(posts(11), { ...options, holdOut: "newest" }).held;
    expect(one?.post.id).toBe("ann-10");
    expect(ids(one?.profile ?? [])).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((i) => `ann-${i}`));
  });

  it("draws users by the seed, whatever the order of the posts", () => {
    const many = Array.from({ length: 12 }, (_, u) => posts(9, `u${u}`)).flat();
    const draw = (list: Post[], seed: number) =>
      holdOut(list, { ...options, users: 4, seed }).held.map(({ user }) => user);
    expect(draw(many, 1)).toHaveLength(4);
    expect(draw(many, 1)).toEqual(draw([...many].reverse(), 1));
    expect(new Set([1, 2, 3, 4].map((seed) => draw(many, seed).join())).size).toBeGreaterThan(1);
  });
});

describe("toExample", () => {
  const [held] = holdOut(posts(9), { holdOut: "ninth", users: 1, seed: 0 }).held;
  const make = (name: string, neutral?: string) => {
    if (held === undefined) throw new Error("nobody");
    return toExample(loadTask(name), held, neutral);
  };

  it("Content asks with the title, Title with the content, Paraph with the neutral text; none shows its answer", () => {
    const [title, text] = ["标题0", content(0)];
    expect(make("dianping_content")).toMatchObject({ input: expect.stringContaining(`标题：${title}`), gold: text });
    expect(make("dianping_title")).toMatchObject({ input: expect.stringContaining(`正文：${text}`), gold: title });
    expect(make("dianping_paraph", "中性")).toMatchObject({ input: expect.stringMatching(/原文：中性$/), gold: text });
    for (const name of ["dianping_content", "dianping_title", "dianping_paraph"]) {
      const { input, gold, profile } = make(name, "中性");
      expect(input).not.toContain(gold ?? "");
      expect(profile).toHaveLength(8);
    }
  });
});

describe("neutralize", () => {
  const model = (texts: string[]): ChatModel => {
    const result = (text: string) => ({
      texts: text === "refused" ? [] : [text],
      truncated: [text === "cut"],
      usage: { promptTokens: 1, completionTokens: 1 },
    });
    return {
      name: "fake",
      complete: async () => result(""),
      completeMany: async (requests) => requests.map((_, i) => result(texts[i] ?? "")),
      spent: () => ({
        ...{ requests: 0, cached: 0, failed: 0, unusable: 0 },
        ...{ promptTokens: 0, completionTokens: 0, dollars: 0 },
      }),
    };
  };
  const held = posts(5).map((one) => ({ user: "ann", profile: [], post: one }));

  it("a refusal, a cut answer and the text itself are none; thoughts are taken off", async () => {
    const texts = ["<think>嗯</think>中性", "refused", "cut", content(3), "另一个"];
    const sampling = { temperature: 0, maxTokens: 2048 };
    expect(await neutralize(model(texts), held, sampling)).toEqual(["中性", null, null, null, "另一个"]);
    await expect(neutralize(model([]), held, sampling)).rejects.toThrow(
      /fake gave no neutral rewriting of any of 5 posts; the first: nothing was said/,
    );
  });
});
