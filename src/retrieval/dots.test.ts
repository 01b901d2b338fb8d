import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import wabt from "wabt";
import { DOTS_WASM, dot, dots, dotsError, rowOf } from "./dots.ts";

it("is what dots.wat says", async () => {
  const text = readFileSync(new URL("dots.wat", import.meta.url), "utf8");
  const { buffer } = (await wabt()).parseWat("dots.wat", text, { simd: true }).toBinary({});
  expect(DOTS_WASM).toBe(Buffer.from(buffer).toString("base64"));
});

const norm = (vector: Float32Array): number => Math.sqrt(dot(vector, vector));

it("is no further off than its bound says, in any chunk, whatever the numbers' sizes", () => {
  const floats = fc.float({ min: -(2 ** 60), max: 2 ** 60, noNaN: true, noDefaultInfinity: true });
  const size = fc.oneof(floats, fc.float({ min: -1, max: 1, noNaN: true }), fc.constant(0));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 3 }),
      fc.infiniteStream(size),
      (w, n, more) => {
        const row = rowOf(w);
        const vector = (): Float32Array => Float32Array.from({ length: row }, () => more.next().value ?? 0);
        const query = vector();
        const vectors = Array.from({ length: n }, vector);
        const rows = new Float32Array(n * row);
        for (const [i, one] of vectors.entries()) rows.set(one, i * row);
        const found = dots(rows, n, query);
        expect(found.length).toBe(n);
        for (const [i, one] of vectors.entries())
          expect(Math.abs((found[i] ?? 0) - dot(query, one))).toBeLessThanOrEqual(
            dotsError(row, norm(query) * norm(one)),
          );
      },
    ),
  );
  // Rows beyond a chunk: each row says which it is.
  const many = 5000;
  const rows = Float32Array.from({ length: many * 400 }, (_, i) => (i % 400 === 399 ? Math.floor(i / 400) : 0));
  const last = Float32Array.from({ length: 400 }, (_, i) => (i === 399 ? 1 : 0));
  expect(dots(rows, many, last)).toEqual(Float32Array.from({ length: many }, (_, i) => i));
});

it("promises nothing where a sum may leave the range of floats", () => {
  expect(dotsError(8, 2 ** 127)).toBe(Number.POSITIVE_INFINITY);
  expect(() => dots(new Float32Array(3), 1, new Float32Array(3))).toThrow(/rows of 3 numbers/);
});
