import { expect, it } from "vitest";
import { averageGain, relativeGain } from "./gain.ts";
import { TABLE_1 } from "./paper.ts";
import { paperGain } from "./paper-rows.ts";

it("the paper's own columns give 33.0%, not the 32.65% of its abstract", () => {
  expect(paperGain(TABLE_1, "TagPR", "RAG-R (Base)")).toBeCloseTo(0.33, 3);
});

it("errors gain by falling", () => {
  expect(relativeGain(0.8, 1, false)).toBeCloseTo(0.2, 12);
  expect(relativeGain(0.6, 0.5, true)).toBeCloseTo(0.2, 12);
});

it("a base of 0 has no relative gain", () => {
  const one = (value: number) => ({ value, draws: Float64Array.from([value]), clusters: 9 });
  expect(averageGain([{ own: one(0.5), base: one(0), higherIsBetter: true }])).toBeNull();
});

it("resamples whose base is 0 are left out, and from one in twenty on there is no interval", () => {
  const draws = (zeros: number) => Float64Array.from({ length: 100 }, (_, r) => (r < zeros ? 0 : 0.5));
  const gain = (zeros: number) => {
    const base = { value: 0.5, draws: draws(zeros), clusters: 9 };
    const own = { value: 0.6, draws: Float64Array.from({ length: 100 }, () => 0.6), clusters: 9 };
    return averageGain([{ own, base, higherIsBetter: true }]);
  };
  const few = gain(4);
  expect(few?.value).toBeCloseTo(0.2, 12);
  expect(Array.from(few?.draws ?? [])).toHaveLength(96);
  expect(few?.draws.every((value) => Math.abs(value - 0.2) < 1e-12)).toBe(true);
  expect(gain(6)?.draws).toHaveLength(0);
});
