import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchAt, batchCount, epochAfter, isLookStep, passesOver, type Walk } from "./batches.ts";
import { learningRate } from "./schedule.ts";

const walks = fc.record({
  seed: fc.nat(1000),
  name: fc.constantFrom("sft", "guided"),
  labels: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 40 }),
  batch: fc.integer({ min: 1, max: 12 }),
  epochs: fc.double({ min: 0, max: 4, noNaN: true }),
});

const walkAll = (walk: Walk): number[][] => Array.from({ length: batchCount(walk) }, (_, b) => batchAt(walk, b));

describe("the walk through the data", () => {
  it("meets every element once an epoch, whatever the batch size", () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const all = walkAll(walk).flat();
        const n = walk.labels.length;
        expect(all).toHaveLength(Math.round(walk.epochs * n));
        for (let start = 0; start < all.length; start += n) {
          const epoch = all.slice(start, start + n);
          expect(new Set(epoch).size).toBe(epoch.length);
        }
      }),
    );
  });

  it("passes over few elements again until the least steps are made, and over many as often as asked", () => {
    const steps = (n: number, epochs = 1): number => {
      const passes = passesOver(n, { epochs, batch: 8, least_steps: 10 });
      return batchCount({ seed: 1, name: "sft", labels: Array(n).fill("a"), batch: 8, epochs: passes });
    };
    expect([33, 79, 80, 81, 112].map((n) => steps(n))).toEqual([10, 10, 10, 11, 14]);
    expect(steps(33, 3)).toBe(13);
    expect(passesOver(112, { epochs: 1, batch: 8, least_steps: 10 })).toBe(1);
  });

  it("tells how far it is: to the walk's end, and no further, after its last batch", () => {
    const walk: Walk = { seed: 1, name: "sft", labels: Array(10).fill("a"), batch: 4, epochs: 1 };
    expect([0, 1, 2, 3].map((done) => epochAfter(walk, done))).toEqual([0, 0.4, 0.8, 1]);
    expect(epochAfter({ ...walk, epochs: 2.5 }, 7)).toBe(2.5);
  });

  it("is the same walk whatever the batch size, each batch asked for alone", () => {
    fc.assert(
      fc.property(walks, (walk) => {
        for (const [k, i] of walkAll(walk).flat().entries()) expect(batchAt({ ...walk, batch: 1 }, k)).toEqual([i]);
      }),
    );
  });

  it("differs between epochs and seeds", () => {
    const walk: Walk = { seed: 1, name: "sft", labels: Array(50).fill("a"), batch: 50, epochs: 2 };
    expect(batchAt(walk, 0)).not.toEqual(batchAt(walk, 1));
    expect(batchAt(walk, 0)).not.toEqual(batchAt({ ...walk, seed: 2 }, 0));
  });

  it("keeps the elements of one unit side by side among those of their label", () => {
    fc.assert(
      fc.property(walks, fc.integer({ min: 2, max: 5 }), (walk, size) => {
        const units = walk.labels.map((label, i) => `${label}/${i % size}`);
        const epoch = walkAll({ ...walk, units, epochs: 1 }).flat();
        expect(new Set(epoch).size).toBe(walk.labels.length);
        for (const label of new Set(walk.labels)) {
          const met = epoch.filter((i) => walk.labels[i] === label).map((i) => units[i]);
          const changes = met.filter((unit, k) => unit !== met[k - 1]).length;
          expect(changes).toBe(new Set(met).size);
        }
      }),
    );
  });

  it("mixes labels in every batch, in proportion to within one", () => {
    const labels = [...Array(60).fill("a"), ...Array(30).fill("b"), ...Array(10).fill("c")];
    const walk: Walk = { seed: 3, name: "guided", labels, batch: 20, epochs: 1 };
    for (const batch of walkAll(walk)) {
      const count = (label: string): number => batch.filter((i) => labels[i] === label).length;
      expect(Math.abs(count("a") - 12)).toBeLessThanOrEqual(1);
      expect(Math.abs(count("b") - 6)).toBeLessThanOrEqual(1);
      expect(Math.abs(count("c") - 2)).toBeLessThanOrEqual(1);
    }
  });
});

describe("learning rate", () => {
  const base = { learning_rate: 2, warmup_steps: 4, schedule: "constant" } as const;
  it("warms up linearly, then stays", () => {
    expect([0, 1, 2, 3, 4, 99].map((s) => learningRate(base, s, 100))).toEqual([0.5, 1, 1.5, 2, 2, 2]);
  });
  it("falls to 0 after the last step", () => {
    for (const schedule of ["linear", "cosine"] as const) {
      expect(learningRate({ ...base, schedule }, 4, 104)).toBe(2);
      expect(learningRate({ ...base, schedule }, 54, 104)).toBeCloseTo(1, 12);
      expect(learningRate({ ...base, schedule }, 104, 104)).toBeCloseTo(0, 12);
    }
  });
});

it("looks are evenly spaced, as many as asked for, the last at the end", () => {
  const at = (total: number, looks: number): number[] =>
    Array.from({ length: total }, (_, i) => i + 1).filter((step) => isLookStep(step, total, looks));
  expect(at(32, 2)).toEqual([16, 32]);
  expect(at(10, 3)).toEqual([4, 7, 10]);
  expect(at(5, 1)).toEqual([5]);
  expect(at(2, 4)).toEqual([1, 2]);
});
