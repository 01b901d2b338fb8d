import fc from "fast-check";
import { expect, it } from "vitest";
import { labelOf, readGrade, scaleOf } from "./grade.ts";

it.each([
  ["5.0", 5, null],
  ["4,5", 4.5, null],
  [" 3 ", 3, null],
  ["4.5 stars", 4.5, null],
  ["1 star", 1, null],
  ["7/10", 7, 10],
  ["8,5 / 10", 8.5, 10],
  ["4 out of 5", 4, 5],
  ["4.0 out of 5 stars", 4, 5],
  ["★★★☆☆", 3, null],
  ["⭐⭐⭐⭐", 4, null],
  ["4星", 4, null],
  ["-1", -1, null],
  ["80%", 80, null],
])("%s is the grade %d (of %s)", (text, grade, scale) => {
  expect([readGrade(text), scaleOf(text)]).toEqual([grade, scale]);
});

it.each(["", "five", "4 or 5", "4.5.6", "2018-01-02", "v2", "10 minutes", "1e3", "NaN"])("%j is no grade", (text) => {
  expect(readGrade(text)).toBeNull();
});

it("law: a grade is its label however it is written; a class that is a number too", () => {
  const labels = ["0.5", "1", "1.5", "2", "10"];
  const ways = [
    String,
    (n: number) => n.toFixed(1),
    (n: number) => n.toFixed(1).replace(".", ","),
    (n: number) => `${n} stars`,
  ];
  fc.assert(
    fc.property(fc.constantFrom(...labels), fc.constantFrom(...ways), (label, write) => {
      expect(labelOf({ kind: "ordinal", labels }, write(Number(label)))).toBe(label);
    }),
  );
  expect(labelOf({ kind: "ordinal", labels }, "3.0")).toBeNull();
  const classes = { kind: "classification", labels: ["0", "1", "None", "caf\u00e9"] } as const;
  expect(["1.0", "None", "cafe\u0301", "1 star", "2.0"].map((text) => labelOf(classes, text))).toEqual([
    "1",
    "None",
    "caf\u00e9",
    null,
    null,
  ]);
});
