import fc from "fast-check";
import { expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { bestPositions } from "./best.ts";
import { denseIndex, type Nearest } from "./dense-index.ts";
import { dot } from "./dots.ts";

/** The first k as a sort of all scores in 64-bit floats has them, and their scores. */
function bruteForce(vectors: readonly Float32Array[], query: Float32Array, k: number) {
  const scores = vectors.map((vector) => dot(query, vector));
  return bestPositions(scores, k).map((at) => [at, scores[at]]);
}
const found = ({ positions, scores }: Nearest, k: number) =>
  bestPositions(scores, k).map((i) => [positions[i], scores[i]]);

/** Numbers whose sums differ by less than 32 bits tell: a first look mistakes their order. */
const near = fc.constantFrom(1, 1 + 2 ** -23, 1 - 2 ** -24, 1 / 3, 0.1);
const wild = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1, 2 ** 24, -(2 ** 24), 2 ** 127, -(2 ** 127), 2 ** -140),
);
const vectors = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.constantFrom(near, wild)).chain(([width, number]) =>
  fc.array(
    fc.array(number, { minLength: width, maxLength: width }).map((numbers) => Float32Array.from(numbers)),
    { minLength: 1, maxLength: 30 },
  ),
);

it("finds the k best of all, in their order and with their scores to the last bit, whatever came and went before", () => {
  fc.assert(
    fc.property(vectors, fc.array(fc.nat(29)), fc.integer({ min: 1, max: 12 }), (all, gone, k) => {
      const [query = new Float32Array(), ...documents] = all;
      const index = denseIndex(query.length, 1);
      for (const [slot, vector] of documents.entries()) index.set(slot, gone.includes(slot) ? query : vector);
      for (const slot of gone) index.remove(slot);
      for (const slot of gone) if (slot % 2 === 0) index.set(slot, documents[slot] ?? []);
      // In no order of slots, as a profile is in none.
      const left = [...documents.keys()].filter((slot) => index.has(slot)).sort((a, b) => (a % 7) - (b % 7) || b - a);
      expect(index.size()).toBe(left.length);
      const nearest = index.nearest(query, Uint32Array.from(left), k);
      const there = left.flatMap((slot) => documents[slot] ?? []);
      expect(nearest.positions).toEqual(nearest.positions.toSorted((a, b) => a - b));
      expect(found(nearest, k)).toEqual(bruteForce(there, query, k));
    }),
    { numRuns: 2000 },
  );
});

it("of many it looks twice at few; where they are so near that 32 bits mistake their order, at more", () => {
  const random = stream(1, "dense");
  const looked = (spread: number): number[] =>
    Array.from({ length: 20 }, () => {
      const vector = () => Float32Array.from({ length: 100 }, () => 0.5 + spread * (random.next() - 0.5));
      const [query, all] = [vector(), Array.from({ length: 500 }, vector)];
      const index = denseIndex(100, all.length);
      for (const [slot, one] of all.entries()) index.set(slot, one);
      const nearest = index.nearest(query, Uint32Array.from(all.keys()), 8);
      expect(found(nearest, 8)).toEqual(bruteForce(all, query, 8));
      return nearest.positions.length;
    });
  expect(Math.max(...looked(1))).toBeLessThan(12);
  expect(Math.min(...looked(1e-5))).toBeGreaterThan(100);
});
