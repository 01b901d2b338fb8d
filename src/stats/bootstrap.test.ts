import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { type BootstrapOptions, hierarchicalMean, holm } from "./bootstrap.ts";

const name = ["test"];
const normals = (n: number, ...key: (string | number)[]) => {
  const random = stream(...key);
  return Array.from({ length: n }, () => random.normal());
};

/** Values that stand in no groups. */
const flatMean = (values: readonly number[], options: BootstrapOptions) =>
  hierarchicalMean(
    values.map((value) => ({ levels: [], value })),
    options,
  );

describe("hierarchicalMean of independent values", () => {
  it("has the closed form's width: ±1.96 standard errors", () => {
    const values = normals(400, "width");
    const { mean, low, high } = flatMean(values, { name, resamples: 4000 });
    const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    const half = (1.96 * sd) / Math.sqrt(values.length);
    expect((high - low) / 2 / half).toBeGreaterThan(0.93);
    expect((high - low) / 2 / half).toBeLessThan(1.07);
  });

  it("of a share: the binomial interval", () => {
    const values = Array.from({ length: 500 }, (_, i) => (i < 150 ? 1 : 0));
    const { low, high } = flatMean(values, { name, resamples: 4000 });
    const half = 1.96 * Math.sqrt((0.3 * 0.7) / 500);
    expect(low).toBeCloseTo(0.3 - half, 2);
    expect(high).toBeCloseTo(0.3 + half, 2);
  });

  it("holds the true mean in about 95 of 100 samples", () => {
    const held = Array.from({ length: 200 }, (_, i) => {
      const { low, high } = flatMean(normals(60, "cover", i), { name: ["cover", i], resamples: 400 });
      return low <= 0 && high >= 0;
    }).filter(Boolean).length;
    expect(held).toBeGreaterThan(180);
    expect(held).toBeLessThan(200);
  });

  it("is a function of values and name alone, a point for constants, and moves with the values", () => {
    const values = normals(30, "same");
    expect(flatMean(values, { name })).toEqual(flatMean(values, { name }));
    expect(flatMean(values, { name: ["other"] }).low).not.toBe(flatMean(values, { name }).low);
    expect(flatMean([2, 2, 2], { name })).toMatchObject({ mean: 2, low: 2, high: 2 });
    const shifted = flatMean(
      values.map((v) => v + 10),
      { name },
    );
    expect(shifted.low).toBeCloseTo(flatMean(values, { name }).low + 10, 9);
    expect(() => flatMean([], { name })).toThrow(/no values/);
  });

  it("has a small p-value for a small difference without noise, a large one for none", () => {
    const same = normals(200, "noise").map((v) => 0.2 + 1e-12 * v);
    const { mean, low, high, p } = flatMean(same, { name });
    expect(mean).toBeCloseTo(0.2, 9);
    expect(high - low).toBeLessThan(1e-9);
    expect(p).toBeLessThan(0.01);
    const values = normals(300, "none");
    const centred = values.map((v) => v - values.reduce((s, x) => s + x, 0) / 300);
    expect(flatMean(centred, { name }).p).toBeGreaterThan(0.8);
  });
});

describe("hierarchicalMean of nested values", () => {
  it("has the variance of the nested model: between users, then within", () => {
    const users = normals(80, "users").map((v) => 2 * v);
    const rows = users.flatMap((u, i) => normals(5, "queries", i).map((v) => ({ levels: [i], value: u + v })));
    const { mean, low, high } = hierarchicalMean(rows, { name, resamples: 4000 });
    const means = users.map((_, i) => rows.filter((r) => r.levels[0] === i).reduce((s, r) => s + r.value, 0) / 5);
    const between = means.reduce((s, m) => s + (m - mean) ** 2, 0) / 80;
    const within = rows.reduce((s, r) => s + (r.value - (means[r.levels[0] ?? 0] ?? 0)) ** 2, 0) / rows.length;
    const half = 1.96 * Math.sqrt(between / 80 + within / rows.length);
    expect((high - low) / 2 / half).toBeGreaterThan(0.93);
    expect((high - low) / 2 / half).toBeLessThan(1.07);
  });

  it("is wider than the flat one when users agree with themselves, also over seeds", () => {
    const rows = [0, 1, 2].flatMap((seed) =>
      normals(40, "u", seed).flatMap((u, user) => [0, 1, 2].map(() => ({ levels: [seed, user], value: u + seed }))),
    );
    const flat = flatMean(
      rows.map((r) => r.value),
      { name },
    );
    const nested = hierarchicalMean(rows, { name });
    expect(nested.mean).toBe(flat.mean);
    expect(nested.high - nested.low).toBeGreaterThan(2 * (flat.high - flat.low));
  });

  it("refuses rows of different depth", () => {
    expect(() =>
      hierarchicalMean(
        [
          { levels: [1], value: 1 },
          { levels: [], value: 1 },
        ],
        { name },
      ),
    ).toThrow(/levels/);
  });
});

describe("holm", () => {
  it("is the textbook example", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    for (const [i, want] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(want, 12);
  });

  it("never lowers a p-value, keeps their order, and is between Bonferroni and none", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), (ps) => {
        const adjusted = holm(ps);
        for (const [i, p] of ps.entries()) {
          const a = adjusted[i] ?? Number.NaN;
          expect(a).toBeGreaterThanOrEqual(p);
          expect(a).toBeLessThanOrEqual(Math.min(1, p * ps.length));
          for (const [j, q] of ps.entries()) if (p < q) expect(a).toBeLessThanOrEqual(adjusted[j] ?? Number.NaN);
        }
      }),
    );
  });
});
