import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TINY_QWEN3 } from "../core/testing/fixtures.ts";
import { loadTask } from "../data/task-file.ts";
import type { Example, ProfileItem, QueryId } from "../data/types.ts";
import { fitPrompt } from "./budget.ts";
import { loadRenderer } from "./renderer.ts";

const renderer = loadRenderer(TINY_QWEN3);
const task = loadTask("LaMP_4");
const style = { reasoning: true, tags: [] };
const item = (id: number, words: number): ProfileItem => ({
  id: `p${id}`,
  fields: { text: Array.from({ length: words }, (_, i) => `word${i}`).join(" "), title: `Title ${id}` },
});
const example = (input = "Generate a headline for the following article: x"): Example => ({
  task: "LaMP_4",
  id: "q" as QueryId,
  user: null,
  input,
  profile: [],
  gold: "g",
});
const within = (items: readonly ProfileItem[], maxTokens: number, one = example()) =>
  fitPrompt({ task, example: one, items, style, renderer, maxTokens });

describe("fitPrompt", () => {
  it("changes nothing that fits", () => {
    const items = [item(1, 5), item(2, 5)];
    const prompt = within(items, 5000);
    expect(prompt.cut).toEqual([]);
    expect(prompt.shownItems).toEqual(items);
    expect(prompt.tokens).toEqual(renderer.promptTokens(prompt.messages, { thinking: true }));
  });

  it("cuts long items to one common length, keeps short items and the user's choice whole, and says so", () => {
    const items = [item(1, 300), item(2, 3), item(3, 200)];
    const prompt = within(items, 600);
    expect(prompt.cut.map((c) => [c.item, c.field])).toEqual([
      ["p1", "text"],
      ["p3", "text"],
    ]);
    expect(new Set(prompt.cut.map((c) => c.to)).size).toBe(1);
    expect(prompt.shownItems[1]).toEqual(items[1]);
    expect(prompt.shownItems.map((i) => i.fields.title)).toEqual(["Title 1", "Title 2", "Title 3"]);
    expect(prompt.shownItems[0]?.fields.text).toMatch(/^word0 .*…$/);
    expect(prompt.tokens.length).toBeGreaterThan(590);
  });

  it("leaves out the oldest items when there is no room for a few words of each", () => {
    const items = Array.from({ length: 12 }, (_, i) => item(i, 60));
    const prompt = within(items, 400);
    const gone = prompt.cut.filter((c) => c.field === null).map((c) => c.item);
    expect(gone.length).toBeGreaterThan(0);
    expect(gone).toEqual(items.slice(0, gone.length).map((i) => i.id));
    expect(prompt.shownItems.map((i) => i.id)).toEqual(items.slice(gone.length).map((i) => i.id));
  });

  it("cuts the input last, and throws when nothing helps", () => {
    const prompt = within([item(1, 50)], 250, example(item(0, 400).fields.text));
    expect(prompt.cut.map((c) => c.item)).toEqual(["p1", "input"]);
    expect(prompt.shownItems).toEqual([]);
    expect(() => within([], 20)).toThrow(/20 tokens has no room for query q/);
  });

  it("never exceeds the budget and accounts for every item", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 8 }),
        fc.integer({ min: 200, max: 1200 }),
        fc.constantFrom("", "漢字とカナ😀", "a\n"),
        (lengths, maxTokens, odd) => {
          const items = lengths.map((n, i) => {
            const plain = item(i, n);
            return { ...plain, fields: { ...plain.fields, text: odd.repeat(n) + plain.fields.text } };
          });
          const prompt = within(items, maxTokens);
          expect(prompt.tokens.length).toBeLessThanOrEqual(maxTokens);
          const gone = prompt.cut.filter((c) => c.field === null).map((c) => c.item);
          expect([...gone, ...prompt.shownItems.map((i) => i.id)]).toEqual(items.map((i) => i.id));
          for (const shown of prompt.shownItems) {
            const changed = shown.fields.text !== items.find((i) => i.id === shown.id)?.fields.text;
            expect(prompt.cut.some((c) => c.item === shown.id)).toBe(changed);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
