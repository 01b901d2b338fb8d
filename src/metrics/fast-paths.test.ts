import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lcsLength, lcsTable } from "./lcs.ts";
import { englishWords, numbered } from "./tokens.ts";
import { englishWordIds } from "./word-ids.ts";

describe("the fast paths equal the plain ones", () => {
  it("bit-parallel LCS equals the table, also past 32 and 64 tokens", () => {
    const ids = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 100 }).map((list) => Int32Array.from(list));
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        expect(lcsLength(a, b)).toBe(lcsTable(a, b).at(-1));
      }),
      { numRuns: 300 },
    );
  });

  it("words hashed in place equal words cut out, whatever the texts, call after call", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc
        .array(fc.constantFrom("The", "the", "cat", "cat's", "\u212Aelvin", "İ", "x9", "—", "漢字", "a".repeat(50)), {
          maxLength: 30,
        })
        .map((w) => w.join(" ")),
    );
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [x, y] = englishWordIds(a, b);
        const [want, other] = numbered(englishWords(a), englishWords(b));
        expect([[...x], [...y]]).toEqual([[...want], [...other]]);
      }),
      { numRuns: 500 },
    );
  });
});
