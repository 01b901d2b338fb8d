import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem } from "../data/types.ts";
import { readChain } from "../prompts/chain.ts";
import { mentions, quotations } from "./grounding.ts";
import { duplicateSteps, formLook, formSigns, type Looked } from "./hacking.ts";

const [movies, headline] = [loadTask("LaMP_2"), loadTask("LaMP_4")];
const item = (i: number, fields: Record<string, string>): ProfileItem => ({ id: `i${i}`, fields });
const shown = [
  item(1, { tag: "comedy", description: "Two clerks stage a heist at the county fair" }),
  item(2, { tag: "dystopia", description: "A wall divides the last city" }),
];
const example = { shown, input: 'Which tag? description: "A judge on the run from the law"' };
const faults = (text: string): (string | null)[] => quotations(text, movies, example).map((q) => q.fault);

describe("quotations", () => {
  it("hold when number and label are the item's own", () => {
    expect(faults("1 heist comedy\n2 wall dystopia\nmatch 2 city dystopia\n[1] comedy")).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
  it("name the fault of an invented label and of an item that isn't there", () => {
    expect(faults("1 heist dystopia")).toEqual(["item 1 is comedy, not dystopia"]);
    expect(faults("Item 7: a comedy about cars")).toEqual(["there is no item 7"]);
  });
  it("of two labels that end together the longer is meant, in whatever order they are listed", () => {
    const two = {
      ...example,
      shown: [
        item(1, { tag: "dark comedy", description: "A wake" }),
        item(2, { tag: "comedy", description: "A fair" }),
      ],
    };
    const said = (line: string) => quotations(line, movies, two).map((q) => q.fault);
    expect(said("[1] a wake: dark comedy\n[2] a fair: comedy")).toEqual([null, null]);
    expect(said("[2] a fair: dark comedy")).toEqual(["item 2 is comedy, not dark comedy"]);
    expect(said("[1] comedy")).toEqual(["item 1 is dark comedy, not comedy"]);
  });
  it("check words in quotation marks against items and query, in any writing", () => {
    expect(faults("They wrote “two clerks stage a heist”, and “three clerks rob a bank”.")).toEqual([
      null,
      "stands in no shown item",
    ]);
    expect(faults('The query, "a judge on the run", is new; "comedy" is a word.')).toEqual([null]);
    const zh = { shown: [item(1, { title: "今天去吃了火锅，很辣" })], input: "写标题" };
    expect(quotations("他写过「吃了火锅」，也写过「喝了咖啡」。", headline, zh).map((q) => q.fault)).toEqual([
      null,
      "stands in no shown item",
    ]);
  });
  it("what no rule can check doesn't count", () => {
    expect(faults("query law\ntype realist\nso it is a comedy\n2020 was a year\n2 of these are about walls")).toEqual(
      [],
    );
  });
  it("a word for word copy of an item is always grounded", () => {
    fc.assert(
      fc.property(fc.constantFrom(...shown), (one) => {
        const found = quotations(`"${one.fields.description}"`, movies, example);
        expect(found.map((q) => q.fault)).toEqual([null]);
      }),
    );
  });
});

describe("mentions", () => {
  const of = (chain: string, one: Parameters<typeof mentions>[2] = example): number =>
    mentions(`<think>${chain}</think>comedy`, movies, one);

  it("count citations, quotations and words that the items have and the query doesn't", () => {
    expect(of("1 heist comedy")).toBe(3);
    expect(of("They liked the county fair.")).toBe(2);
    expect(of("A judge on the run from the law.")).toBe(0);
  });
  it("count nothing in a chain that could be about anything", () => {
    const wordy = {
      shown: [item(1, { tag: "comedy", description: "With this one they were about what that is" })],
      input: "?",
    };
    expect(of("I am going with this label, since that is about what they like.", wordy)).toBe(0);
    const zh = { shown: [item(1, { title: "今天去吃了火锅，很辣" })], input: "写标题" };
    expect(of("我觉得这个用户的标题是很短的", zh)).toBe(0);
    expect(of("他爱吃火锅", zh)).toBe(1);
  });
});

const looked = (chain: string, tokens = 10): Looked => ({
  example,
  task: movies,
  steps: readChain(chain).steps,
  tokens,
});

describe("form", () => {
  it("counts steps that say again what was said, tags and case aside", () => {
    const { steps } = readChain("<a>One two.</a><b>three</b><c>one TWO</c>");
    expect(duplicateSteps(steps)).toBe(1);
    expect(duplicateSteps([])).toBe(0);
  });
  it("measures a set of responses", () => {
    const look = formLook([
      looked("<a>1 heist comedy</a><b>1 heist comedy</b>", 8),
      looked("<a>2 wall comedy</a>", 12),
    ]);
    expect(look).toEqual({ tokens: 10, duplicateSteps: 1 / 3, quotations: 3, ungrounded: 1 / 3 });
    expect(formLook([])).toEqual({ tokens: 0, duplicateSteps: 0, quotations: 0, ungrounded: null });
  });
  it("says each sign, and growth only where the score did not rise", () => {
    const first = { tokens: 100, duplicateSteps: 0, quotations: 50, ungrounded: 0.1, score: 0.5 };
    expect(formSigns(first, first)).toEqual({});
    expect(formSigns(first, { ...first, tokens: 160 }).length).toMatch(/grew from 100 to 160/);
    expect(formSigns(first, { ...first, tokens: 160, score: 0.6 })).toEqual({});
    expect(formSigns(first, { ...first, duplicateSteps: 0.2, score: 0.9 }).duplicates).toMatch(/0\.0% to 20\.0%/);
    expect(formSigns(first, { ...first, ungrounded: 0.4 }).ungrounded).toMatch(/false rose from 10\.0% to 40\.0%/);
    expect(formSigns(first, { ...first, ungrounded: 0.4, quotations: 3 })).toEqual({});
  });
});
