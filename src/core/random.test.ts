import fc from "fast-check";
import { expect, test } from "vitest";
import { seedOf, stream } from "./random.ts";

test("a stream is its name: equal names give equal streams, other names other ones", () => {
  const take = (...name: (string | number)[]): number[] => {
    const r = stream(...name);
    return Array.from({ length: 20 }, () => r.next());
  };
  expect(take(1, "guided", 7)).toEqual(take(1, "guided", 7));
  expect(take(1, "guided", 7)).not.toEqual(take(1, "guided", 8));
  expect(take(1, "a")).not.toEqual(take("1", "a"));
});

test("the stream of a name is the same on every machine (recorded values)", () => {
  const r = stream(0, "world");
  expect([r.int(1000), r.int(1000), r.int(1000)]).toEqual([626, 324, 432]);
  expect(seedOf(0, "world")).toBe(1112769552);
});

test("uniform numbers fill [0, 1) evenly and normals have unit variance", () => {
  const r = stream("uniform");
  const n = 20_000;
  const u = Array.from({ length: n }, () => r.next());
  expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...u)).toBeLessThan(1);
  expect(Math.abs(u.reduce((a, b) => a + b, 0) / n - 0.5)).toBeLessThan(0.01);
  const z = Array.from({ length: n }, () => r.normal());
  expect(Math.abs(z.reduce((a, b) => a + b * b, 0) / n - 1)).toBeLessThan(0.05);
});

test("shuffle keeps the elements, weighted never draws a zero weight", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.string(), (items, name) => {
      const shuffled = stream(name).shuffle(items);
      expect([...shuffled].sort()).toEqual([...items].sort());
      expect(items).toContain(stream(name).pick(items));
    }),
  );
  const r = stream("w");
  for (let i = 0; i < 500; i++) expect([1, 3]).toContain(r.weighted([0, 1, 0, 2]));
});
