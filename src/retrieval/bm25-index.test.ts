import fc from "fast-check";
import { expect, it } from "vitest";
import { bm25Scores } from "./bm25.ts";
import { bm25Index } from "./bm25-index.ts";

const text = fc
  .array(fc.constantFrom("a", "b", "c", "the", "The", "film."), { maxLength: 8 })
  .map((words) => words.join(" "));

it("scores what BM25 of the whole collection scores, whatever came and went before", () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 12 }), fc.array(text, { maxLength: 6 }), text, (docs, gone, query) => {
      const index = bm25Index();
      for (const [i, doc] of gone.entries()) index.add(docs.length + i, doc);
      for (const [i, doc] of docs.entries()) {
        index.add(i, doc);
        if (gone[i] !== undefined) index.remove(docs.length + i, gone[i]);
      }
      for (let i = docs.length; i < gone.length; i++) index.remove(docs.length + i, gone[i] ?? "");
      const scores = index.scores(query, docs.length + gone.length);
      const expected = bm25Scores(docs, query);
      for (const [i, score] of expected.entries()) expect(scores[i]).toBeCloseTo(score, 10);
      for (let i = docs.length; i < scores.length; i++) expect(scores[i]).toBe(0);
    }),
  );
});
