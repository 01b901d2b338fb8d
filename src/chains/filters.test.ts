import { describe, expect, test } from "vitest";
import { judgeAccuracy } from "./accuracy.ts";
import { CONFIG, candidate, fakeModel, MOVIES, STARS, stepsBy, TITLES } from "./chains.fixture.ts";
import { judgeAll } from "./filter.ts";
import { formatChain } from "./format.ts";
import { judgeRequest, modelJudge, readGrades } from "./judge.ts";
import { splitPieces } from "./pieces.ts";
import { readSegments } from "./tagger.ts";

const done = () => {};

describe("the accuracy filter", () => {
  test("classification: the label itself", () => {
    expect(judgeAccuracy(MOVIES, "comedy", "comedy", CONFIG)).toEqual({ score: 1, accepted: true });
    expect(judgeAccuracy(MOVIES, "dark comedy", "comedy", CONFIG)).toEqual({ score: 0, accepted: false });
  });
  test("ordinal: exact unless a tolerance is set; the score says how far off", () => {
    expect(judgeAccuracy(STARS, "4", "5", CONFIG)).toEqual({ score: 0.75, accepted: false });
    expect(judgeAccuracy(STARS, "4", "5", { ...CONFIG, ordinal_tolerance: 1 }).accepted).toBe(true);
    expect(judgeAccuracy(STARS, "3", "5", { ...CONFIG, ordinal_tolerance: 1 }).accepted).toBe(false);
  });
  test("generation: ROUGE-L at the threshold passes, below it fails", () => {
    // one of four words on each side: F = 1/4
    const at = (rouge_threshold: number) =>
      judgeAccuracy(TITLES, "graphs we draw often", "graphs of old rivers", { ...CONFIG, rouge_threshold });
    expect(at(0.25)).toEqual({ score: 0.25, accepted: true });
    expect(at(0.26).accepted).toBe(false);
  });
});

describe("the judge", () => {
  const grades = { logical_consistency: 4, factual_accuracy: 4, completeness: 4, conciseness: 3 };

  test.each([
    ["JSON", JSON.stringify(grades)],
    ["a fenced block after thoughts", `<think>conciseness: 1?</think>\n\`\`\`json\n${JSON.stringify(grades)}\n\`\`\``],
    ["plain lines", "Logical consistency: 4/5\nFactual accuracy: **4**\nCompleteness - 4\nConciseness = 3"],
    [
      "lines that name the scale",
      "Logical consistency (1-5): 4\nFactual accuracy (1 to 5): 4\nCompleteness (4)\nConciseness: 3",
    ],
    ["strings", '{"logical_consistency": "4", "factual_accuracy": "4", "completeness": "4", "conciseness": "3"}'],
  ])("is read from %s", (_, text) => expect(readGrades(text)).toEqual(grades));

  test.each([
    ["a missing grade", '{"logical_consistency": 4, "factual_accuracy": 4, "completeness": 4}'],
    ["a grade beyond the scale", JSON.stringify({ ...grades, conciseness: 9 })],
    ["nothing", "I can't."],
  ])("is unreadable with %s", (_, text) => expect(readGrades(text)).toBeNull());

  test("more than 15 is kept, 15 is not, unreadable is not; rows say which", async () => {
    const totals: Record<string, string> = {
      a: JSON.stringify(grades),
      b: JSON.stringify({ ...grades, conciseness: 4 }),
      c: "?",
    };
    const { model } = fakeModel(
      ({ messages }) => totals[/reasoning>\n(\w)/.exec(messages[1]?.content ?? "")?.[1] ?? ""] ?? "",
    );
    const chains = ["a", "b", "c"].map((text, i) => candidate(text, "dystopia", i));
    const { judged, kept } = await judgeAll(chains, modelJudge(model), 15, done);
    expect(judged.map(({ total, kept }) => [total, kept])).toEqual([
      [15, false],
      [16, true],
      [0, false],
    ]);
    expect(kept.map(({ i }) => i)).toEqual([1]);
  });

  test("sees prompt, chain and answer", () => {
    const text = judgeRequest(candidate("It is like item 1."), { temperature: 0, maxTokens: 9 })
      .messages.map(({ content }) => content)
      .join("\n");
    for (const part of ["burnt cities", "rebels hide", "It is like item 1.", "dystopia", "conciseness"])
      expect(text).toContain(part);
  });
});

describe("reading a tagger", () => {
  const seg = (from: number, to: number, tag = "step") => ({ from: from - 1, to: to - 1, tag });
  const json = (...rows: object[]) => JSON.stringify({ segments: rows });
  test.each([
    ["clean", json({ from: 1, to: 2, tag: "a_b" }, { from: 3, to: 3, tag: "step" }), [seg(1, 2, "a_b"), seg(3, 3)]],
    ["a bare list in a fence", '```\n[{"from":1,"to":3,"tag":"step"}]\n```', [seg(1, 3)]],
    [
      "a part passed over joins the step before",
      json({ from: 1, to: 1, tag: "a1" }, { from: 3, to: 3, tag: "b1" }),
      [seg(1, 2, "a1"), seg(3, 3, "b1")],
    ],
    ["the end left out", json({ from: 1, to: 1, tag: "step" }), [seg(1, 3)]],
    ["a free hand with names", json({ from: 1, to: 3, tag: "Look at Examples!" }), [seg(1, 3, "look_at_examples")]],
    [
      "numbers as strings, one part",
      json({ from: "1", tag: "a1" }, { from: "2", to: "3", tag: "b1" }),
      [seg(1, 1, "a1"), seg(2, 3, "b1")],
    ],
  ])("%s", (_, text, segments) => expect(readSegments(text, 3)).toEqual(segments));

  test.each([
    ["prose", "The first step is reading."],
    ["broken JSON", '[{"from": 1, "to": '],
    ["an empty list", "[]"],
    ["backwards", json({ from: 2, to: 3, tag: "step" }, { from: 1, to: 1, tag: "step" })],
    ["overlapping", json({ from: 1, to: 2, tag: "step" }, { from: 2, to: 3, tag: "step" })],
    ["beyond the end", json({ from: 1, to: 4, tag: "step" })],
    ["a name that is none", json({ from: 1, to: 3, tag: "!!" })],
    ["a reserved name", json({ from: 1, to: 3, tag: "think" })],
  ])("unreadable: %s", (_, text) => expect(readSegments(text, 3)).toBeNull());
});

describe("pieces", () => {
  test("lines and sentences, put together again without a change", () => {
    const text = "A war film. They like war!\nquery war action\n所以是喜剧。答案是喜剧。";
    const pieces = splitPieces(text, "en");
    expect(pieces.map(({ text }) => text)).toEqual([
      "A war film.",
      "They like war!",
      "query war action",
      "所以是喜剧。",
      "答案是喜剧。",
    ]);
    expect(
      pieces
        .map(({ text, gap }) => text + gap)
        .join("")
        .trim(),
    ).toBe(text);
  });
});

describe("the format filter", () => {
  const reasoning = "query ruin\n1 ruin dystopia\n2 circus comedy\nquery ruin dystopia";
  const segments = [
    { from: 0, to: 0, tag: "analyze_input" },
    { from: 1, to: 2, tag: "examine_examples" },
    { from: 3, to: 3, tag: "make_decision" },
  ];
  const tags = segments.map(({ tag }) => tag);

  test("writes the chain as the policy will learn it, and the same without tags", () => {
    expect(formatChain(candidate(reasoning), stepsBy(candidate(reasoning), segments), tags, 3)).toEqual({
      task: "LaMP_2",
      query: "q",
      i: 0,
      answer: "dystopia",
      completion:
        "<think>\n<analyze_input>\nquery ruin\n</analyze_input>\n<examine_examples>\n1 ruin dystopia\n2 circus comedy\n</examine_examples>\n<make_decision>\nquery ruin dystopia\n</make_decision>\n</think>\n\ndystopia",
      untagged: `<think>\n${reasoning}\n</think>\n\ndystopia`,
    });
  });

  test.each([
    ["tag not allowed", reasoning, tags.slice(1), 3, "dystopia"],
    ["too few steps", reasoning, tags, 4, "dystopia"],
    ["chain ill-formed", reasoning.replace("query ruin\n", "see <b>this</b>\n"), tags, 3, "dystopia"],
    ["chain ill-formed", reasoning, tags, 3, "dystopia <make_decision>"],
    ["answer changed", reasoning, tags, 3, "no label"],
  ])("%s", (reason, text, allowed, min, answer) =>
    expect(formatChain(candidate(text, answer), stepsBy(candidate(text), segments), allowed, min)).toEqual({ reason }),
  );
});
