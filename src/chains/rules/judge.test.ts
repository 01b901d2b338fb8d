import { describe, expect, test } from "vitest";
import { loadTask } from "../../data/task-file.ts";
import type { QueryId } from "../../data/types.ts";
import { candidate, simpleCheck, stepsBy } from "../chains.fixture.ts";
import { formatChain } from "../format.ts";
import { totalOf } from "../judge.ts";
import type { Candidate } from "../types.ts";
import { gradeByRules } from "./judge.ts";
import { tagByRules } from "./tagger.ts";

const good =
  'The film shows rebels who hide from a cruel government. In the history, "a lone survivor walks through burnt cities" is a dystopia. This user often likes dark worlds. It is similar to that film. So the tag is dystopia.';

describe("the judge by rules", () => {
  test("keeps a chain that quotes truly, uses query and history, and ends in its answer", () => {
    expect(totalOf(gradeByRules(candidate(good), simpleCheck))).toBe(20);
  });
  test.each([
    [
      "a false quotation and an item that is not shown",
      good.replace("burnt cities", "green fields [7]"),
      "dystopia",
      "factual_accuracy",
      1,
    ],
    ["an answer that the chain never gives", good, "romance", "logical_consistency", 2],
    ["no history", "Rebels hide from a government. So it is romance.", "romance", "completeness", 3],
    [
      "going round in circles",
      `${"rebels hide from the government and ".repeat(20)} dystopia`,
      "dystopia",
      "conciseness",
      3,
    ],
  ] as const)("marks %s", (_, text, answer, criterion, most) => {
    expect(gradeByRules(candidate(text, answer), simpleCheck)[criterion]).toBeLessThanOrEqual(most);
  });
  test("drops a thin chain without history", () => {
    expect(totalOf(gradeByRules(candidate("I think so.", "romance"), simpleCheck))).toBeLessThanOrEqual(15);
  });
});

describe("the tagger by rules", () => {
  test("reads, looks at the history, generalises, compares, decides", () => {
    expect(tagByRules(candidate(good), null)?.map(({ tag }) => tag)).toEqual([
      "analyze_input",
      "examine_examples",
      "identify_patterns",
      "compare_entities",
      "make_decision",
    ]);
  });
  test("any chain of three parts passes the format filter with three steps; a shorter one lives with as many as it has", () => {
    const tags = ["analyze_input", "examine_examples", "identify_patterns", "make_decision"];
    for (const parts of [3, 4, 7]) {
      const one = candidate(Array.from({ length: parts }, (_, k) => `Well ${k}.`).join(" "));
      expect(formatChain(one, stepsBy(one, tagByRules(one, tags) ?? []), tags, 3)).toHaveProperty("completion");
    }
    const short = candidate("One. Two.");
    expect(formatChain(short, stepsBy(short, tagByRules(short, tags) ?? []), tags, 1)).toHaveProperty("completion");
  });
  test("keeps to the allowed tags", () => {
    for (const allowed of [["infer_preference", "make_decision"], ["something_else"]])
      for (const { tag } of tagByRules(candidate(good), allowed) ?? []) expect(allowed).toContain(tag);
  });
});

test("titles: half of the words said in the end is consistent", () => {
  const task = loadTask("LaMP_5");
  const shown = [
    { id: "p", fields: { title: "Reading rivers with graphs", abstract: "We model rivers by sparse graphs." } },
  ];
  const example = {
    task: task.name,
    id: "q" as QueryId,
    user: null,
    input: "Generate a title: we model lakes",
    shown,
    historyItems: 1,
  };
  const one: Candidate = {
    task,
    example,
    i: 0,
    by: "fake",
    reasoning: "They wrote Reading rivers with graphs. The title is about lakes.",
    answer: "The lakes",
  };
  expect(gradeByRules(one, simpleCheck)).toMatchObject({ logical_consistency: 5, completeness: 5 });
});
