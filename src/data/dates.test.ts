import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareDates, isDate, oldestFirst, parseDate, surelyEarlier } from "./dates.ts";

const date = fc.oneof(
  fc.integer({ min: 1990, max: 2030 }).map(String),
  fc
    .tuple(fc.integer({ min: 2000, max: 2003 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
    .map((d) => d.join("-")),
);

const day = fc
  .tuple(fc.integer({ min: 2000, max: 2001 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, "0")).join("-"));

describe("dates", () => {
  it("reads years, days, unpadded parts and times, in UTC where there is a zone; refuses words", () => {
    expect(parseDate("2018")).toEqual([2018]);
    expect(parseDate(" 2018-05-06 ")).toEqual([2018, 5, 6]);
    expect(parseDate("2018-5-6T10:00:00Z")).toEqual([2018, 5, 6, 10, 0, 0]);
    expect(parseDate("2018-05-26 10:00")).toEqual([2018, 5, 26, 10, 0]);
    expect(parseDate("2018-01-01T01:30+09:00")).toEqual([2017, 12, 31, 16, 30]);
    expect(parseDate("2018-01-01 01:30:15.5-0100")).toEqual([2018, 1, 1, 2, 30, 15.5]);
    expect(parseDate("2018-05-26 at noon")).toEqual([2018, 5, 26]);
    for (const bad of ["May 2018", "", "2018/05/26", "-2018", "2018-", "2018-xx", "2018-05-2x"]) {
      expect(parseDate(bad)).toBeNull();
      expect(isDate(bad)).toBe(false);
    }
  });

  it("what is left open is not earlier", () => {
    expect(surelyEarlier([2018, 4], [2018, 5, 2])).toBe(true);
    for (const [a, b] of [
      [
        [2018, 5],
        [2018, 5, 2],
      ],
      [
        [2018, 5, 2],
        [2018, 5],
      ],
      [[2018], [2018]],
    ] as const)
      expect(surelyEarlier(a, b)).toBe(false);
  });

  it("orders as Python orders tuples of ints: a prefix comes first", () => {
    expect(compareDates("2018", "2018-01-01")).toBeLessThan(0);
    expect(compareDates("2018-12", "2018-2")).toBeGreaterThan(0);
    expect(compareDates("2018-05-06", "2018-5-6")).toBe(0);
  });

  it("is a total order, and sorting is a stable permutation", () => {
    fc.assert(
      fc.property(
        date,
        date,
        (a, b) => Math.sign(compareDates(a, b)) === -Math.sign(compareDates(b, a)) || compareDates(a, b) === 0,
      ),
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(date), fc.array(day)), (dates) => {
        const items = dates.map((d, i) => ({ date: d, i }));
        const sorted = oldestFirst(items);
        expect([...sorted].sort((a, b) => a.i - b.i)).toEqual(items);
        for (const [k, one] of sorted.entries()) {
          const before = sorted[k - 1];
          if (before === undefined) continue;
          const order = compareDates(before.date, one.date);
          expect(order < 0 || (order === 0 && before.i < one.i)).toBe(true);
        }
      }),
    );
  });

  it("keeps the given order when any item is undated", () => {
    const items = [{ date: "2019" }, {}, { date: "2018" }];
    expect(oldestFirst(items)).toEqual(items);
  });
});
