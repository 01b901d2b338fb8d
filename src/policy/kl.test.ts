import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entropyPush } from "./entropy.ts";
import { klOf, klSlope } from "./kl.ts";

/** Log-probs of a distribution over a few tokens, from logits. */
function logSoftmax(logits: readonly number[]): number[] {
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
  return logits.map((x) => x - total);
}
const logits = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });
const under = (p: readonly number[], f: (token: number) => number): number =>
  p.reduce((sum, lp, token) => sum + Math.exp(lp) * f(token), 0);
const divergence = (p: readonly number[], q: readonly number[]): number => under(p, (i) => (p[i] ?? 0) - (q[i] ?? 0));

/** d/dlogit_j of E over a token's slope by its own log-prob: Σ_i p_i · slope_i · (1[i = j] − p_j). */
const gradient = (p: readonly number[], slope: (token: number) => number): number[] =>
  p.map((lp, j) => under(p, (i) => slope(i) * ((i === j ? 1 : 0) - Math.exp(lp))));

function differences(at: readonly number[], f: (logits: readonly number[]) => number): number[] {
  const h = 1e-5;
  const moved = (j: number, by: number) => at.map((x, i) => (i === j ? x + by : x));
  return at.map((_, j) => (f(moved(j, h)) - f(moved(j, -h))) / (2 * h));
}
const close = (a: readonly number[], b: readonly number[]) => {
  for (const [i, x] of a.entries()) expect(x).toBeCloseTo(b[i] ?? Number.NaN, 6);
};

describe("KL estimators, by enumerating a token's distribution", () => {
  it("k1 and k3 are unbiased, and k3 is never negative", () => {
    fc.assert(
      fc.property(logits, logits, (a, b) => {
        const [p, q] = [logSoftmax(a), logSoftmax(b)];
        for (const estimator of ["k1", "k3"] as const)
          expect(under(p, (i) => klOf(p, q, estimator)[i] ?? 0)).toBeCloseTo(divergence(p, q), 9);
        for (const k of klOf(p, q, "k3")) expect(k).toBeGreaterThanOrEqual(-1e-15);
      }),
    );
  });
  it("as a loss k2 has the KL's gradient, k3 that of KL(start‖π), k1 none", () => {
    fc.assert(
      fc.property(logits, logits, (a, b) => {
        const [p, q] = [logSoftmax(a), logSoftmax(b)];
        const of = (estimator: "k1" | "k2" | "k3") => gradient(p, (i) => klSlope(p, q, estimator)[i] ?? 0);
        close(
          of("k2"),
          differences(a, (x) => divergence(logSoftmax(x), q)),
        );
        close(
          of("k3"),
          differences(a, (x) => divergence(q, logSoftmax(x))),
        );
        close(of("k1"), [0, 0, 0, 0]);
      }),
    );
  });
  it("slopes are the values' derivatives", () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (d) => {
        for (const estimator of ["k1", "k2", "k3"] as const) {
          const slope =
            ((klOf([d + 1e-6], [0], estimator)[0] ?? 0) - (klOf([d - 1e-6], [0], estimator)[0] ?? 0)) / 2e-6;
          expect(klSlope([d], [0], estimator)[0]).toBeCloseTo(slope, 6);
        }
      }),
    );
  });
});

describe("an entropy floor", () => {
  const entropy = (p: readonly number[]): number => -under(p, (i) => p[i] ?? 0);
  it("pushes along the gradient of the entropy, by enumeration", () => {
    fc.assert(
      fc.property(logits, (a) => {
        const p = logSoftmax(a);
        // Tokens in the shares that the distribution says: what samples tend to.
        const counts = p.map((lp) => Math.round(2000 * Math.exp(lp)));
        const sampled = p.flatMap((lp, i) => Array.from({ length: counts[i] ?? 0 }, () => [lp]));
        const pushed = entropyPush(sampled, { floor: 10, weight: 1 });
        const first = p.map((_, i) => counts.slice(0, i).reduce((x, y) => x + y, 0));
        const slope = (i: number): number =>
          counts[i] === 0 ? 0 : (pushed?.[first[i] ?? 0]?.[0] ?? 0) * sampled.length;
        const found = gradient(p, slope);
        const true_ = differences(a, (x) => entropy(logSoftmax(x)));
        for (const [i, x] of found.entries()) expect(x).toBeCloseTo(true_[i] ?? Number.NaN, 2);
      }),
      { numRuns: 20 },
    );
  });
  it("does nothing at the floor and above", () => {
    expect(entropyPush([[-1, -1]], { floor: 1, weight: 1 })).toBe(null);
    expect(entropyPush([[-1, -2]], { floor: 1.6, weight: 1 })).toEqual([[-0.25, 0.25]]);
  });
});
