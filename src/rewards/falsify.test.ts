import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { loadTask } from "../data/task-file.ts";
import type { ShownExample } from "../data/types.ts";
import { falsified } from "./falsify.ts";
import { statements } from "./grounding.ts";

const film = (id: string, description: string, tag: string) => ({ id, fields: { description, tag } });
const FILMS: Pick<ShownExample, "shown" | "input"> = {
  input: "Which tag? description: a slow tale about war",
  shown: [film("a", "a bright tale about ruin", "dystopia"), film("b", "a dark tale about war", "classic")],
};
const LAMP_2 = loadTask("LaMP_2");
const REVIEWS = {
  input: "review: fine",
  shown: [4, 2].map((score, i) => ({ id: `r${i}`, fields: { text: "Shoes.", score: `${score}` } })),
};

const faults = (text: string, task = LAMP_2, example: typeof FILMS = FILMS) =>
  statements(text, task, example).map(({ fault }) => fault === null);

describe("a step made false", () => {
  it("says another label of the same item, in its own words otherwise", () => {
    const text = "Item 1 is dystopia.\nItem 2 is about a war.";
    const { text: made = "", claims } = falsified(text, LAMP_2, FILMS, stream(1)) ?? {};
    const [first = "", second] = made.split("\n");
    expect(first).toMatch(/^Item 1 is (?!dystopia)[\w ()-]+\.$/);
    expect(second).toBe("Item 2 is about a war.");
    expect(faults(first)).toEqual([false]);
    expect(claims).toEqual([{ claim: "Item 1 is dystopia.", instead: first }]);
  });

  it("has every true claim of a line false, and its false ones as they were", () => {
    const text = "Item 1 is dystopia, item 2 is comedy and item 1 is again dystopia.";
    expect(faults(text)).toEqual([true, false, true]);
    const { text: made = "" } = falsified(text, LAMP_2, FILMS, stream(2)) ?? {};
    expect(faults(made)).toEqual([false, false, false]);
    expect(made).toContain("item 2 is comedy");
  });

  it("changes a grade, not the number of the item", () => {
    const task = loadTask("LaMP_3");
    for (const text of ["[2] was rated 2", "Rated 2 stars [2]", "review 2 scored 2/5"]) {
      const { text: made = "" } = falsified(text, task, REVIEWS, stream(text)) ?? {};
      expect(made).toMatch(/\[2\]|review 2/);
      expect(faults(made, task, REVIEWS)).toEqual([false]);
    }
  });

  it.each([
    "The query is about war.",
    "Item 1 is classic.",
    "Item 7 is classic.",
    'He writes "a bright tale about ruin".',
    "",
  ])("is none where nothing true is claimed of an item's label: %j", (text) => {
    expect(falsified(text, LAMP_2, FILMS, stream(3))).toBeNull();
  });

  it("is false in the synthetic world too, line by line, whatever the seed", () => {
    const task = loadTask("synthetic_tag");
    const shown = [film("a", "a bright tale about ruin in paris", "dystopia")];
    const lines = ["1 ruin dystopia", "match 1 ruin dystopia", "most dystopia"];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { text = "" } = falsified(lines.join("\n"), task, { ...FILMS, shown }, stream(seed)) ?? {};
        expect(faults(text, task, { ...FILMS, shown })).toEqual([false, false, false]);
        expect(text.replaceAll(/\w+$/gm, "")).toBe(lines.join("\n").replaceAll(/\w+$/gm, ""));
      }),
      { numRuns: 20 },
    );
  });

  it("finds labels in Chinese, where words stand side by side", () => {
    const task = { ...LAMP_2, labels: ["喜剧", "爱情"], language: "zh" as const };
    const shown = [film("a", "好看", "喜剧")];
    const { text } = falsified("第1条是喜剧。", task, { ...FILMS, shown }, stream(4)) ?? {};
    expect(text).toBe("第1条是爱情。");
  });
});
