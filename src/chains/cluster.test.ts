import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deriveTags } from "./cluster.ts";
import { isTagName, tagName } from "./tag-name.ts";

/** Words of one theme lie together. */
const THEMES = [
  ["read", "look", "review"],
  ["decide", "choose", "final"],
  ["compare", "match", "contrast"],
];
const embed = async (texts: readonly string[]) =>
  texts.map((text) =>
    THEMES.map((theme, t) => (theme.some((word) => text.includes(word)) ? 1 : 0) + text.length / (100 * (t + 1))),
  );
const names = [
  "read_a",
  "read_a",
  "look_b",
  "review_c",
  "decide_a",
  "choose_b",
  "choose_b",
  "compare_x",
  "match_y",
  "match_y",
  "match_y",
];

describe("deriveTags", () => {
  test("names each cluster by its most frequent member, most used first", async () => {
    const { tags, clusters } = await deriveTags(names, 3, embed, 1);
    expect(tags).toEqual(["match_y", "read_a", "choose_b"]);
    expect(clusters[1]?.members).toEqual([
      { name: "read_a", count: 2 },
      { name: "look_b", count: 1 },
      { name: "review_c", count: 1 },
    ]);
  });

  test("is the same for the same seed, whatever the order of the chains", async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(names, { minLength: names.length }), fc.nat(9), async (mixed, seed) => {
        expect(await deriveTags(mixed, 3, embed, seed)).toEqual(await deriveTags(names, 3, embed, seed));
      }),
      { numRuns: 20 },
    );
  });

  test("tags are unique, every name is in one cluster, and no cluster is empty", async () => {
    for (const k of [1, 2, 3, 5, 9, 20]) {
      const { tags, clusters } = await deriveTags(names, k, embed, 1);
      const members = clusters.flatMap((cluster) => cluster.members);
      expect(new Set(tags).size).toBe(tags.length);
      expect(tags.length).toBeLessThanOrEqual(k);
      expect(members.map(({ name }) => name).sort()).toEqual([...new Set(names)].sort());
      expect(members.reduce((sum, { count }) => sum + count, 0)).toBe(names.length);
    }
  });

  test("fewer names than tags: each is one, and nothing is embedded", async () => {
    const never = () => Promise.reject(new Error("embedded"));
    expect((await deriveTags(["b_b", "a_a", "b_b"], 9, never, 1)).tags).toEqual(["b_b", "a_a"]);
  });
});

test("whatever a tagger calls a step becomes a tag that can be written, or is refused", () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const tag = tagName(name);
      if (isTagName(tag)) expect(`<${tag}>`).toMatch(/^<[a-z][a-z0-9_]+>$/);
      expect(tagName(tag)).toBe(tag);
    }),
  );
  expect(["Analyze Input", "<think>", "Étape-2", "分析"].map(tagName)).toEqual([
    "analyze_input",
    "think",
    "e_tape_2",
    "",
  ]);
  expect(["think", "", "2nd", "x".repeat(50)].some(isTagName)).toBe(false);
});
