import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { clusteredMean, interval95, quantile, resample } from "./resample.ts";

const mean = ([sum = 0, n = 0]: readonly number[]): number => sum / n;

describe("resample", () => {
  it("the value is the statistic of the whole; draws stay within the clusters' range", () => {
    const scores = fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(scores, (clusters) => {
        const sums = clusters.map((own) => [own.reduce((a, b) => a + b, 0), own.length]);
        const { values, draws } = resample({ sums: [sums], statistic: mean }, 50, stream(0));
        const all = clusters.flat();
        expect(values[0]).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 10);
        for (const draw of draws[0] ?? []) {
          expect(draw).toBeGreaterThanOrEqual(Math.min(...all) - 1e-12);
          expect(draw).toBeLessThanOrEqual(Math.max(...all) + 1e-12);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("methods share each draw: equal sums give equal draws", () => {
    const sums = [
      [1, 1],
      [0, 1],
      [1, 2],
    ];
    const { draws } = resample({ sums: [sums, sums], statistic: mean }, 20, stream("x"));
    expect(draws[0]).toEqual(draws[1]);
  });

  it("queries of one user move together: clustering widens the interval", () => {
    const users = Array.from({ length: 50 }, (_, u) => [u % 2 === 0 ? 10 : 0, 10]);
    const queries = users.flatMap(([sum = 0]) => Array.from({ length: 10 }, () => [sum / 10, 1]));
    const width = (sums: number[][]): number => {
      const { low, high } = interval95(resample({ sums: [sums], statistic: mean }, 500, stream(1)).draws[0] ?? []);
      return high - low;
    };
    expect(width(users)).toBeGreaterThan(2 * width(queries));
  });
});

describe("quantile", () => {
  it("is linear between neighbours", () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(quantile([3], 0.9)).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe("clusteredMean", () => {
  it("is the mean of all values, with the interval of whole clusters; nulls of none", () => {
    const rows = Array.from({ length: 50 }, (_, u) => u).flatMap((u) =>
      Array.from({ length: 10 }, () => [`u${u}`, u % 2] as const),
    );
    const { mean: of, low, high } = clusteredMean(rows, 500, stream(2));
    expect(of).toBe(0.5);
    const users = Array.from({ length: 50 }, (_, u) => [10 * (u % 2), 10]);
    expect({ low, high }).toEqual(
      interval95(resample({ sums: [users], statistic: mean }, 500, stream(2)).draws[0] ?? []),
    );
    expect(clusteredMean([], 500, stream(2))).toEqual({ mean: null, low: null, high: null });
    // One cluster alone says nothing of how clusters differ.
    const one = [0.5, -0.5, 0.5].map((value) => ["u", value] as const);
    expect(clusteredMean(one, 500, stream(2))).toEqual({ mean: 0.5 / 3, low: null, high: null });
  });
});
