import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../core/jsonl.ts";
import { gspoTerm } from "./gspo.ts";

const CLIP = { low: 0.0003, high: 0.0004 };
const nats = fc.double({ min: -6, max: 0, noNaN: true });

describe("the sequence term", () => {
  it("has ratio 1, no clip and gradient A/|y| at the old policy", () => {
    const term = gspoTerm([-1, -2, -3], [-1, -2, -3], 1.5, CLIP);
    expect(term).toEqual({ ratio: 1, objective: 1.5, clipped: { low: 0, high: 0 }, gradient: [0.5, 0.5, 0.5] });
  });

  it("is clipped above only for good sequences, below only for bad ones", () => {
    expect(gspoTerm([-1], [-1.1], 1, CLIP).clipped).toEqual({ low: 0, high: 1 });
    expect(gspoTerm([-1], [-1.1], -1, CLIP).clipped).toEqual({ low: 0, high: 0 });
    expect(gspoTerm([-1.1], [-1], -1, CLIP).clipped).toEqual({ low: 1, high: 0 });
    expect(gspoTerm([-1.1], [-1], 1, CLIP).clipped).toEqual({ low: 0, high: 0 });
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
        const term = gspoTerm(now, old, advantage, CLIP);
        const nearest = Math.min(Math.abs(term.ratio - (1 - CLIP.low)), Math.abs(term.ratio - (1 + CLIP.high)));
        fc.pre(nearest > 1e-6);
        const h = 1e-7;
        for (let t = 0; t < now.length; t++) {
          const moved = (sign: number): number =>
            gspoTerm(
              now.map((x, i) => (i === t ? x + sign * h : x)),
              old,
              advantage,
              CLIP,
            ).objective;
          expect(term.gradient[t]).toBeCloseTo((moved(1) - moved(-1)) / (2 * h), 6);
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
      gspoTerm(golden.logprobs[i] as number[], golden.old[i] as number[], advantage, clip),
    );
    expect(-terms.reduce((sum, term) => sum + term.objective, 0) / n).toBeCloseTo(golden.loss, 14);
    for (const [i, term] of terms.entries())
      for (const [t, theirs] of (golden.grad[i] as number[]).entries())
        expect(-(term.gradient[t] ?? 0) / n).toBeCloseTo(theirs, 14);
    for (const side of ["low", "high"] as const) {
      const share = terms.reduce((sum, term) => sum + term.clipped[side], 0) / n;
      expect(share).toBeGreaterThan(0);
      expect(share).toBeCloseTo(golden[`clipped_${side}`], 6);
    }
  });

  it("refuses unequal lengths", () => {
    expect(() => gspoTerm([-1, -1], [-1], 1, CLIP)).toThrow(/2 log-probs against 1/);
  });
});
