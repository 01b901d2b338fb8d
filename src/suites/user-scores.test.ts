import fc from "fast-check";
import { expect, it } from "vitest";
import { gini, userScores } from "./user-scores.ts";

it("Gini: 0 where all have the same, (n − 1) / n where one has all, never outside", () => {
  expect(gini([1, 1, 1, 1])).toBe(0);
  expect(gini([0, 0, 0, 1])).toBeCloseTo(0.75, 12);
  expect(gini([-1, 2])).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (values) => {
      const found = gini(values.toSorted((a, b) => a - b));
      expect(found === null || (found >= -1e-9 && found <= 1)).toBe(true);
    }),
  );
});

it("a user's score is the mean of their queries", () => {
  const answers = { clusters: ["u", "v", "u"], score: Float64Array.from([1, 0.5, 0]) };
  expect(userScores(answers)).toEqual([
    { user: "u", score: 0.5, queries: 2 },
    { user: "v", score: 0.5, queries: 1 },
  ]);
});
