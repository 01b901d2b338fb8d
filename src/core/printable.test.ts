import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guardCell, printable } from "./printable.ts";

describe("printable", () => {
  it("leaves nothing that a terminal obeys, and everything else", () => {
    expect(printable("a\u001b]0;title\u0007b\u009b31mc\r\nd\te\rf")).toBe(
      "a\\u001b]0;title\\u0007b\\u009b31mc\nd\te\\u000df",
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[^\P{Cc}\t\n]/u);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(printable(text)).toBe(text);
      }),
    );
  });

  it("what stands in a JSON text still reads back exactly", () => {
    const value = { text: "\u0000\u001b\u007f\u0085\u009b" };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});

describe("guardCell", () => {
  it.each(["=1+1", "@SUM(A1)", "\t=1", "\r=1", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "+A1", "-x"])(
    "a cell that a spreadsheet would compute gets a quote: %j",
    (cell) => expect(guardCell(cell)).toBe(`'${cell}`),
  );

  it.each(["+0.052", "-3", "−0.2", "+0.010 … +0.200", "+12.5%", "+ guided RL", "a=b", "", "comedy"])(
    "a number or a word stays as it is: %j",
    (cell) => expect(guardCell(cell)).toBe(cell),
  );
});
