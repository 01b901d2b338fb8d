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
