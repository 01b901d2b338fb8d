import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../core/jsonl.ts";
import { grpoTerm } from "./grpo.ts";
import { klOf, klSlope } from "./kl.ts";

interface Golden {
  readonly logprobs: number[][];
  readonly old: number[][];
  readonly start: number[][];
  readonly grad: number[][];
  readonly grad_with_kl: number[][];
  readonly advantages: number[];
  readonly clip_low: number;
  readonly clip_high: number;
  readonly clipped_low: number;
  readonly clipped_high: number;
  readonly beta: number;
  readonly kl: number;
  readonly loss: number;
  readonly loss_with_kl: number;
}
const golden = readJson<Golden>(join(import.meta.dirname, "../../engine/tests/golden/trl_grpo.json"));
const clip = { low: 1 - golden.clip_low, high: golden.clip_high - 1 };
const n = golden.advantages.length;
const terms = golden.advantages.map((advantage, i) =>
  grpoTerm(golden.logprobs[i] ?? [], golden.old[i] ?? [], advantage, clip),
);
const tokens = golden.logprobs.flat().length;
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("GRPO's term", () => {
  it("is TRL's loss, gradient and share of clipped tokens (its values, float64)", () => {
    expect(-mean(terms.map((term) => term.objective))).toBeCloseTo(golden.loss, 14);
    for (const [i, row] of golden.grad.entries())
      for (const [t, theirs] of row.entries()) expect(-(terms[i]?.gradient[t] ?? 0) / n).toBeCloseTo(theirs, 14);
    for (const side of ["low", "high"] as const) {
      const clipped = terms.reduce((sum, term) => sum + term.clipped[side] * term.gradient.length, 0);
      expect(clipped).toBeGreaterThan(0);
      expect(clipped / tokens).toBeCloseTo(golden[`clipped_${side}`], 6);
    }
  });

  it("with β·k3 in the loss is TRL's with beta", () => {
    const rows = golden.logprobs.map((row, i) => klOf(row, golden.start[i] ?? [], "k3"));
    expect(golden.loss + golden.beta * mean(rows.map(mean))).toBeCloseTo(golden.loss_with_kl, 14);
    expect(mean(rows.flat())).toBeCloseTo(golden.kl, 6);
    for (const [i, row] of golden.grad_with_kl.entries()) {
      const slope = klSlope(golden.logprobs[i] ?? [], golden.start[i] ?? [], "k3");
      for (const [t, theirs] of row.entries()) {
        const ours = -(terms[i]?.gradient[t] ?? 0) / n + (golden.beta * (slope[t] ?? 0)) / (row.length * n);
        expect(ours).toBeCloseTo(theirs, 14);
      }
    }
  });

  it("is GSPO's for sequences of one token, and its ratio is 1 at the old policy", () => {
    const nats = fc.double({ min: -3, max: 0, noNaN: true });
    fc.assert(
      fc.property(nats, nats, fc.double({ min: -2, max: 2, noNaN: true }), (now, old, advantage) => {
        const term = grpoTerm([now], [old], advantage, clip);
        expect(term.ratio).toBeCloseTo(Math.exp(now - old), 12);
        const same = grpoTerm([now, old], [now, old], advantage, clip);
        expect(same.ratio).toBe(1);
        expect(same.objective).toBeCloseTo(advantage, 12);
      }),
    );
  });
});
