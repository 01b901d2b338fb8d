import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem } from "../data/types.ts";
import { readChain } from "../prompts/chain.ts";
import { duplicateSteps, formLook, formSigns, type Looked } from "./hacking.ts";
import { mentions } from "./mentions.ts";

const movies = loadTask("LaMP_2");
const item = (i: number, fields: Record<string, string>): ProfileItem => ({ id: `i${i}`, fields });
const shown = [
  item(1, { tag: "comedy", description: "Two clerks stage a heist at the county fair" }),
  item(2, { tag: "dystopia", description: "A wall divides the last city" }),
];
const example = { shown, input: 'Which tag? description: "A judge on the run from the law"' };
describe("mentions", () => {
  const of = (chain: string, one: Parameters<typeof mentions>[2] = example): number =>
    mentions(`<think>${chain}</think>comedy`, movies, one);

  it("count citations, quotations and words that the items have and the query doesn't", () => {
    expect(of("[1] heist comedy")).toBe(3);
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
  answer: "comedy",
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
      looked("<a>[1] heist comedy</a><b>[1] heist comedy</b>", 8),
      looked("<a>[2] wall comedy</a>", 12),
      looked("", 10),
    ]);
    expect(look).toEqual({
      ...{ tokens: 10, duplicateSteps: 1 / 3, quotations: 3, ungrounded: 1 / 3 },
      ...{ decided: 2, decidingTrue: 1 / 2, noStatement: 1 / 3 },
    });
    expect(formLook([])).toEqual({
      ...{ tokens: 0, duplicateSteps: 0, quotations: 0, ungrounded: null },
      ...{ decided: 0, decidingTrue: null, noStatement: null },
    });
  });
  it("says each sign, and growth only where the score did not rise", () => {
    const truth = { decided: 50, decidingTrue: 0.6, noStatement: 0 };
    const first = { tokens: 100, duplicateSteps: 0, quotations: 50, ungrounded: 0.1, score: 0.5, ...truth };
    expect(formSigns(first, first)).toEqual({});
    expect(formSigns(first, { ...first, tokens: 160 }).length).toMatch(/grew from 100 to 160/);
    expect(formSigns(first, { ...first, tokens: 160, score: 0.6 })).toEqual({});
    expect(formSigns(first, { ...first, duplicateSteps: 0.2, score: 0.9 }).duplicates).toMatch(/0\.0% to 20\.0%/);
    expect(formSigns(first, { ...first, ungrounded: 0.4 }).ungrounded).toMatch(/false rose from 10\.0% to 40\.0%/);
    expect(formSigns(first, { ...first, ungrounded: 0.4, quotations: 3 })).toEqual({});
    // Eight true lines hide the false one that decides, and the score is better for it: a sign all the same.
    const hidden = { ...first, decidingTrue: 0.08, score: 0.9 };
    expect(formSigns(first, hidden)).toEqual({ deciding: expect.stringMatching(/fell from 60\.0% to 8\.0%/) });
    expect(formSigns(first, { ...hidden, decided: 3 })).toEqual({});
    expect(formSigns({ ...first, decidingTrue: null }, hidden)).toEqual({});
  });
});
