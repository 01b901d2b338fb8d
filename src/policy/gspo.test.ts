import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../core/jsonl.ts";
import { groupAdvantages, hasSpread, sequenceTerm } from "./gspo.ts";

const CLIP = { low: 0.0003, high: 0.0004 };
const nats = fc.double({ min: -6, max: 0, noNaN: true });

describe("advantages", () => {
  it("have mean 0 and population spread 1 (up to δ)", () => {
    const rewards = fc.array(fc.double({ min: -1, max: 2, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(rewards, (r) => {
        const a = groupAdvantages(r, 1e-6);
        const mean = a.reduce((x, y) => x + y, 0) / a.length;
        expect(mean).toBeCloseTo(0, 6);
        const spread = Math.max(...r) - Math.min(...r);
        if (spread > 0.01) expect(Math.sqrt(a.reduce((x, y) => x + y * y, 0) / a.length)).toBeCloseTo(1, 3);
      }),
    );
  });
  it("are exactly 0 without spread, also where the mean rounds", () => {
    expect(groupAdvantages([0.1, 0.1, 0.1, 0.1, 0.1], 1e-6)).toEqual([0, 0, 0, 0, 0]);
    expect(hasSpread([0.1, 0.1])).toBe(false);
  });
  it("match a hand-worked group: one right of five", () => {
    expect(groupAdvantages([1, 0, 0, 0, 0], 0).map((x) => Number(x.toFixed(6)))).toEqual([2, -0.5, -0.5, -0.5, -0.5]);
  });
  it("are damped by δ where the spread is small", () => {
    expect(Math.max(...groupAdvantages([0.01, 0, 0, 0, 0], 0.05))).toBeLessThan(0.2);
  });
});

describe("the sequence term", () => {
  it("has ratio 1, no clip and gradient A/|y| at the old policy", () => {
    const term = sequenceTerm([-1, -2, -3], [-1, -2, -3], 1.5, CLIP);
    expect(term).toEqual({ ratio: 1, objective: 1.5, clipped: null, gradient: 0.5 });
  });

  it("is clipped above only for good sequences, below only for bad ones", () => {
    expect(sequenceTerm([-1], [-1.1], 1, CLIP).clipped).toBe("high");
    expect(sequenceTerm([-1], [-1.1], -1, CLIP).clipped).toBe(null);
    expect(sequenceTerm([-1.1], [-1], -1, CLIP).clipped).toBe("low");
    expect(sequenceTerm([-1.1], [-1], 1, CLIP).clipped).toBe(null);
  });

  it("has the gradient of its objective (finite differences)", () => {
    const sequences = fc.array(fc.tuple(nats, fc.double({ min: -1e-3, max: 1e-3, noNaN: true })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(sequences, fc.double({ min: -2, max: 2, noNaN: true }), (rows, advantage) => {
        const old = rows.map(([x]) => x);
        const now = rows.map(([x, d]) => x + d);
        const term = sequenceTerm(now, old, advantage, CLIP);
        const nearest = Math.min(Math.abs(term.ratio - (1 - CLIP.low)), Math.abs(term.ratio - (1 + CLIP.high)));
        fc.pre(nearest > 1e-6);
        const h = 1e-7;
        for (let t = 0; t < now.length; t++) {
          const moved = (sign: number): number =>
            sequenceTerm(
              now.map((x, i) => (i === t ? x + sign * h : x)),
              old,
              advantage,
              CLIP,
            ).objective;
          expect(term.gradient).toBeCloseTo((moved(1) - moved(-1)) / (2 * h), 6);
        }
      }),
    );
  });

  // TRL: the mean over a sequence's tokens, then over the N sequences; here J_i alone, so its terms are divided by N.
  it("is TRL's sequence-level importance sampling: loss, gradient and clips (its values, float64)", () => {
    const golden = readJson(join(import.meta.dirname, "../../engine/tests/golden/trl_gspo.json")) as {
      [name in "logprobs" | "old" | "grad"]: number[][];
    } & { clip_low: number; clip_high: number; loss: number; advantages: number[] } & {
      [name in "clipped_low" | "clipped_high"]: number;
    };
    const clip = { low: 1 - golden.clip_low, high: golden.clip_high - 1 };
    const n = golden.advantages.length;
    const terms = golden.advantages.map((advantage, i) =>
      sequenceTerm(golden.logprobs[i] as number[], golden.old[i] as number[], advantage, clip),
    );
    expect(-terms.reduce((sum, term) => sum + term.objective, 0) / n).toBeCloseTo(golden.loss, 14);
    for (const [i, term] of terms.entries())
      for (const theirs of golden.grad[i] as number[]) expect(-term.gradient / n).toBeCloseTo(theirs, 14);
    for (const side of ["low", "high"] as const) {
      const share = terms.filter((term) => term.clipped === side).length / n;
      expect(share).toBeGreaterThan(0);
      expect(share).toBeCloseTo(golden[`clipped_${side}`], 6);
    }
  });

  it("refuses unequal lengths", () => {
    expect(() => sequenceTerm([-1, -1], [-1], 1, CLIP)).toThrow(/2 log-probs against 1/);
  });
});
