import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vectors } from "../core/testing/fixtures.ts";
import { detectable, pairedTest, signFlip } from "./paired.ts";
import { tCdf, tQuantile, tTail } from "./student.ts";

/** fixtures/vectors/student.py made them with scipy. */
const golden = vectors<{
  readonly quantiles: readonly { readonly p: number; readonly df: number; readonly t: number }[];
  readonly cdf: readonly { readonly t: number; readonly df: number; readonly cdf: number; readonly sf: number }[];
  readonly tests: readonly {
    readonly d: readonly number[];
    readonly p: number;
    readonly equivalent: number;
    readonly flip: number;
    readonly sd: number;
  }[];
}>("student.json");

/** Relative, since tails are small. */
function near(value: number, wanted: number, to = 1e-10): void {
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(to * Math.max(1e-12, Math.abs(wanted)));
}

describe("Student's t", () => {
  it("has scipy's distribution function, both tails, and quantiles", () => {
    expect(golden.quantiles.length).toBeGreaterThan(100);
    for (const { t, df, cdf, sf } of golden.cdf) {
      near(tCdf(t, df), cdf);
      near(tTail(t, df), sf);
    }
    for (const { p, df, t } of golden.quantiles) near(tQuantile(p, df), t);
  });

  it("inverts itself", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 200 }), (p, df) =>
        near(tCdf(tQuantile(p, df), df), p, 1e-9),
      ),
      { numRuns: 200 },
    );
  });

  it("refuses what has no quantile", () => {
    for (const p of [0, 1, -1, Number.NaN]) expect(() => tQuantile(p, 3)).toThrow(/quantile/);
    expect(() => tCdf(1, 0)).toThrow(/degrees of freedom/);
  });
});

describe("the paired test over seeds", () => {
  it("is scipy's t test, its TOST of two one-sided tests and its exact permutation test", () => {
    for (const { d, p, equivalent, flip, sd } of golden.tests) {
      const found = pairedTest(d, 0.03);
      near(found.p, p);
      near(found.pEquivalent, equivalent);
      near(found.sd ?? Number.NaN, sd);
      near(found.pFlip ?? Number.NaN, flip);
    }
  });

  it("takes ties as ties: no difference anywhere is no evidence of one, and all of sameness", () => {
    const found = pairedTest([0, 0, 0, 0, 0, 0], 0.03);
    expect(found).toMatchObject({ mean: 0, sd: 0, p: 1, pFlip: 1, pEquivalent: 0, signs: [0, 6, 0] });
    expect(pairedTest([0.1, 0.1, 0.1], 0.03)).toMatchObject({ sd: 0, p: 0, pEquivalent: 1, signs: [3, 0, 0] });
    expect(pairedTest([0.1, 0, -0.1], 0.03).signs).toEqual([1, 1, 1]);
    // Of the eight patterns of three signs a zero makes two of each.
    expect(signFlip([1, 1, 0])).toBe(0.5);
  });

  it("says nothing of a single seed", () => {
    expect(pairedTest([0.2], 0.03)).toMatchObject({ n: 1, sd: null, p: 1, pFlip: 1, pEquivalent: 1 });
    expect(detectable(null, 1, 1)).toBeNull();
  });

  it("a shift of sign changes the sign of the mean and no p; a margin that grows makes sameness likelier", () => {
    const list = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(list, (d) => {
        const [one, other] = [
          pairedTest(d, 0.05),
          pairedTest(
            d.map((x) => -x),
            0.05,
          ),
        ];
        expect(other.mean).toBeCloseTo(-one.mean, 12);
        expect(other.p).toBeCloseTo(one.p, 9);
        expect(other.pFlip).toBeCloseTo(one.pFlip ?? 0, 9);
        expect(pairedTest(d, 0.1).pEquivalent).toBeLessThanOrEqual(one.pEquivalent + 1e-9);
      }),
    );
  });
});

/** scipy: (t.ppf(1 - .05/2/m, 11) + t.ppf(.8, 11)) / 12**.5 */
it("the detectable effect of twelve seeds", () => {
  for (const [m, factor] of [
    [1, 0.8881],
    [6, 1.1788],
    [12, 1.2921],
  ] as const)
    expect(detectable(1, 12, m)).toBeCloseTo(factor, 3);
  expect(detectable(0.04, 8, 3)).toBeLessThan(detectable(0.04, 6, 3) ?? 0);
});
