import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { citations, pieces, steps } from "./chain.js";
import { readHistory } from "./history.js";

describe("a chain for the eye", () => {
  it("is cut into steps, as far as it has come", () => {
    const chain = "<think>\n<a>one <b>two</b></a> between <c>three</c><d>not yet";
    expect(steps(chain.replace("<think>\n", ""))).toEqual([
      { tag: "a", text: "one <b>two</b>" },
      { tag: null, text: "between" },
      { tag: "c", text: "three" },
      { tag: "d", text: "not yet" },
    ]);
  });

  it("loses no word of a text, whatever it holds", () => {
    const words = fc.constantFrom(
      "[1]",
      "item 2",
      "#3",
      "第2条",
      "[99]",
      "<b>",
      "</b>",
      "<x",
      "so",
      "\u202e",
      " ",
      "\n",
    );
    const texts = fc.array(words).map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 4 }), (text, items) => {
        const faults = [{ text: "item 2so", fault: "no" }];
        expect(
          pieces(text, faults, items)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(text);
        const kept = steps(text)
          .map((step) => step.text)
          .join("");
        for (const word of ["[1]", "item 2", "so"]) expect(kept.split(word)).toHaveLength(text.split(word).length);
      }),
    );
  });

  it("cites the items that were shown, and no other", () => {
    expect(citations("[1], item 2, #3 and [4] in 2019", 3).flatMap(({ number }) => number ?? [])).toEqual([1, 2, 3]);
    expect(citations("1 love comedy\n2 ghosts 3 violence\n9 lives", 3).flatMap(({ number }) => number ?? [])).toEqual([
      1, 2,
    ]);
  });
});

describe("a pasted history", () => {
  it("is a list, or an item a line", () => {
    const items = [{ tag: "a" }, { tag: "b" }];
    expect(readHistory(JSON.stringify(items))).toEqual({ items });
    expect(readHistory(`${items.map((item) => JSON.stringify(item)).join("\n\n")}\n`)).toEqual({ items });
    expect(readHistory("  ")).toEqual({ items: [] });
  });

  it.each([
    ["[1]", "entry 1 is no item"],
    ["[{]", "no JSON"],
    ['{"tag": "a"}\nnull', "line 2 is no item"],
  ])("says what is wrong with %j", (text, says) => {
    expect(readHistory(text)).toEqual({ fault: expect.stringContaining(says) });
  });
});
