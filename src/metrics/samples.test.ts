import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chosenOf, majorityOf, passAtK, passRanks } from "./samples.ts";

/** Every subset of k of n. */
function subsets(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  return Array.from({ length: n - from }, (_, i) => from + i).flatMap((first) =>
    subsets(n, k - 1, first + 1).map((rest) => [first, ...rest]),
  );
}

describe("pass@k", () => {
  it("is Chen et al.'s unbiased estimate where answers are right or wrong", () => {
    // numpy, as in the paper: 1 - np.prod(1 - k / np.arange(n - c + 1, n + 1)), and 1 where n - c < k.
    for (const [n, c, k, wanted] of [
      [10, 3, 1, 0.3],
      [10, 3, 2, 0.5333333333333333],
      [10, 3, 5, 0.9166666666666666],
      [10, 0, 5, 0],
      [10, 6, 5, 1],
      [200, 13, 100, 0.9999194971988055],
    ] as const) {
      const scores = Array.from({ length: n }, (_, i) => (i < c ? 1 : 0));
      expect(passAtK(scores, k)).toBeCloseTo(wanted, 10);
    }
  });

  it("is the mean best over all subsets, graded scores too", () => {
    const scores = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(scores, fc.nat(), (values, seed) => {
        const k = 1 + (seed % values.length);
        const all = subsets(values.length, k).map((at) => Math.max(...at.map((i) => values[i] ?? 0)));
        expect(passAtK(values, k)).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 9);
      }),
    );
  });

  it("of one is the mean, of all the best; others are refused", () => {
    expect(passAtK([0, 1, 1], 1)).toBeCloseTo(2 / 3, 12);
    expect(passAtK([0.2, 0.7, 0.1], 3)).toBeCloseTo(0.7, 12);
    for (const k of [0, 4, 1.5]) expect(() => passAtK([0, 1, 1], k)).toThrow(/pass@/);
    expect(passRanks(8)).toEqual([1, 2, 4, 8]);
    expect(passRanks(5)).toEqual([1, 2, 4, 5]);
    expect(passRanks(1)).toEqual([1]);
  });
});

it("the majority is what most readable answers say, of equals the first drawn", () => {
  const of = (...answers: (string | null)[]) => majorityOf(answers.map((answer, i) => ({ answer, i })))?.i ?? null;
  expect(of("a", "b", "b")).toBe(1);
  expect(of("b", "a", "a", "b")).toBe(0);
  expect(of(null, null, "a")).toBe(2);
  expect(of(null, null)).toBeNull();
});

it("the temperature is the best on dev, of equals the lowest", () => {
  const tried = [1, 0.3, 0, 0.6].map((temperature) => ({ temperature, score: temperature === 0 ? 0.2 : 0.4 }));
  expect(chosenOf(tried)).toEqual({ temperature: 0.3, score: 0.4 });
});
