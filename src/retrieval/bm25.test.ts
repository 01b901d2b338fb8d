import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pythonSplit } from "../core/python.ts";
import { vectors } from "../core/testing/fixtures.ts";
import { bestPositions } from "./best.ts";
import { bm25Scores } from "./bm25.ts";

interface Case {
  name: string;
  docs: string[];
  error?: string;
  queries?: { query: string; scores: number[]; top_n: number[] }[];
}
const { cases } = vectors<{ cases: Case[] }>("bm25.json");

describe("bestPositions", () => {
  it("is the head of a full sort by score, then newest", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        (scores, k) => {
          const sorted = scores.map((_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || b - a);
          expect(bestPositions(scores, k)).toEqual(sorted.slice(0, k));
        },
      ),
    );
  });
});

describe("bm25Scores", () => {
  it.each(cases.filter((one) => one.error === undefined).map((one) => [one.name, one] as const))(
    "equals rank_bm25: %s",
    (_, { docs, queries = [] }) => {
      for (const { query, scores } of queries) {
        const ours = bm25Scores(docs, query);
        for (const [i, score] of scores.entries())
          expect(Math.abs((ours[i] ?? Number.NaN) - score)).toBeLessThanOrEqual(1e-9);
      }
    },
  );

  it("its top 8 is rank_bm25's up to the order of ties", () => {
    for (const { docs, queries = [] } of cases)
      for (const { query, scores, top_n } of queries) {
        const ours = bm25Scores(docs, query);
        const order = docs.map((_, i) => i).sort((a, b) => (ours[b] ?? 0) - (ours[a] ?? 0));
        const values = (indices: number[]) => indices.slice(0, top_n.length).map((i) => (scores[i] ?? 0).toFixed(9));
        expect(values(order)).toEqual(values(top_n));
      }
  });

  it("gives zeros where rank_bm25 divides by zero", () => {
    const empty = cases.find((one) => one.error !== undefined);
    expect(empty?.name).toBe("all_empty");
    expect([...bm25Scores(empty?.docs ?? [], "a")]).toEqual([0, 0, 0]);
    expect([...bm25Scores([], "a")]).toEqual([]);
  });

  const word = fc.constantFrom("a", "b", "ab", "ba", "A", "漢", "a.", "aa");
  const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));

  it("equals the textbook formula over any corpus", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), text, (docs, query) => {
        const ours = bm25Scores(docs, query);
        for (const [i, score] of slowScores(docs, query).entries()) expect(ours[i]).toBeCloseTo(score, 10);
      }),
    );
  });

  it("permuting documents permutes scores", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), text, (docs, query) => {
        const forward = bm25Scores(docs, query);
        const backward = bm25Scores([...docs].reverse(), query);
        for (const i of docs.keys()) expect(backward[docs.length - 1 - i]).toBeCloseTo(forward[i] ?? Number.NaN, 10);
      }),
    );
  });
});

/** The formula word by word, with maps. */
function slowScores(docs: readonly string[], query: string): number[] {
  const split = docs.map(pythonSplit);
  const total = split.reduce((sum, words) => sum + words.length, 0);
  if (total === 0) return docs.map(() => 0);
  const count = (word: string) => split.filter((words) => words.includes(word)).length;
  const raw = (word: string) => Math.log(docs.length - count(word) + 0.5) - Math.log(count(word) + 0.5);
  const vocabulary = [...new Set(split.flat())];
  const floor = (0.25 * vocabulary.reduce((sum, word) => sum + raw(word), 0)) / vocabulary.length;
  return split.map((words) =>
    pythonSplit(query).reduce((sum, word) => {
      if (count(word) === 0) return sum;
      const tf = words.filter((one) => one === word).length;
      const idf = raw(word) < 0 ? floor : raw(word);
      return sum + (idf * tf * 2.5) / (tf + 1.5 * (0.25 + (0.75 * words.length * docs.length) / total));
    }, 0),
  );
}
