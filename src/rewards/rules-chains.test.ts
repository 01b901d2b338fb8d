import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { taggedCompletion } from "../chains/pieces.ts";
import type { Draft } from "../chains/rules/choose.ts";
import { draftsOf, trueDrafts } from "../chains/rules/teacher.ts";
import type { Task } from "../data/task.ts";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem, QueryId, ShownExample } from "../data/types.ts";
import { readResponse } from "../prompts/response.ts";
import { statements } from "./grounding.ts";
import { truthIn } from "./truth.ts";

const MOVIES = loadTask("LaMP_2");
const STARS = loadTask("LaMP_3");
const TITLES = loadTask("LaMP_5");
const POSTS = loadTask("dianping_title");
const KINDS: Task = { ...MOVIES, name: "own", labels: ["red", "the blue one", "sci-fi", "喜剧", "差"] };
const CHINESE: Task = { ...KINDS, language: "zh" };
/** Labels that are words of the rules' own sentences. */
const ODD: Task = { ...MOVIES, name: "odd", labels: ["so", "query", "the answer", "item", "not"] };
const TASKS = [MOVIES, STARS, TITLES, POSTS, KINDS, CHINESE];

/** What people write, labels, marks, markup and quotation marks among it. */
const plainWord = fc.oneof(
  fc.constantFrom("comedy", "red", "the", "7", "喜剧", "差", "电影", "一家店", "。", "Ünï", "a", "Great"),
  fc.constantFrom('"', "“", "」", "<b>", "</think>", "<think>", "\n", "!", "?", ":", "…", "<|im_end|>", "\u200b"),
  fc.string({ maxLength: 8, unit: fc.constantFrom(..."abcxyzÄé,.;!'-") }),
);
/** And what reads like a statement of the rules' own, and scripts that dictionaries part. */
const hostileWord = fc.oneof(
  plainWord,
  fc.constantFrom(
    "so",
    "query",
    "answer",
    "item",
    "items 3",
    "[2]",
    "#1",
    "not",
    "4 stars",
    "5/5",
    "score",
    "第2条",
    "不是",
    "评分：3",
  ),
  fc.constantFrom("かな", "ไทย"),
  fc.string({ maxLength: 8, unit: "binary" }),
);

function exampleOf(task: Task, input: string, items: readonly (readonly [string, string])[]): ShownExample {
  const [open, own] = [task.itemFields.find(({ label }) => !label), task.itemFields.find(({ label }) => label)];
  const shown = items.map(([a, b], i): ProfileItem => {
    return { id: `i${i}`, fields: { ...(open && { [open.name]: a }), ...(own && { [own.name]: b }) } };
  });
  const mark = "after" in task.query ? `${task.query.after} ` : "";
  const id = "q" as QueryId;
  const asked = { task: task.name, id, user: null, input: `Asked: ${mark}${input}`, gold: null };
  return { ...asked, shown, historyItems: items.length };
}

function of(task: Task, word: fc.Arbitrary<string>): fc.Arbitrary<ShownExample> {
  const text = fc.array(word, { maxLength: 14 }).map((words) => words.join(" "));
  const own = task.labels.length > 0 ? fc.constantFrom(...task.labels) : text;
  return fc
    .tuple(text, fc.array(fc.tuple(text, own), { maxLength: 8 }))
    .map(([input, items]) => exampleOf(task, input, items));
}

const wrongIn = (draft: Draft, task: Task, example: ShownExample): number => truthIn(draft, task, example).wrong;

describe.each(TASKS)("chains by rules, $name in $language", (task) => {
  test("what they say of the items is so by construction", () => {
    fc.assert(
      fc.property(of(task, plainWord), (example) => {
        for (const draft of draftsOf(task, example)) expect([draft, wrongIn(draft, task, example)]).toEqual([draft, 0]);
      }),
      { numRuns: 60 },
    );
  });
  test("each is a response that the policy's own reader takes, with three steps at least", () => {
    fc.assert(
      fc.property(of(task, hostileWord), (example) => {
        for (const { steps, answer } of draftsOf(task, example)) {
          const read = readResponse(taggedCompletion(steps, answer), { task });
          expect([steps, read.formatOk && read.chainOk]).toEqual([steps, true]);
          expect(read.steps.length).toBeGreaterThanOrEqual(3);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("whatever users write and labels are called, no chain that a teacher gives says a false thing", () => {
  for (const task of [...TASKS, ODD])
    fc.assert(
      fc.property(of(task, hostileWord), (example) => {
        for (const gold of [undefined, example.gold ?? task.labels[0] ?? "A title of their own"])
          for (const draft of trueDrafts(task, example, statements, gold))
            expect(wrongIn(draft, task, example)).toBe(0);
      }),
      { numRuns: 25 },
    );
});

test("every chain of a choice says something of the items that is so, on which its answer rests", () => {
  const item = (description: string, tag: string) => [description, tag] as const;
  const example = exampleOf(MOVIES, "Batman Returns (1992), a film of the genres Action, Crime", [
    item("Happy Gilmore (1996), a film of the genres Comedy", "comedy"),
    item("Batman Forever (1995), a film of the genres Action, Adventure, Crime", "action"),
    item("Billy Madison (1995), a film of the genres Comedy", "comedy"),
  ]);
  const drafts = draftsOf(MOVIES, example);
  expect(new Set(drafts.map(({ answer }) => answer))).toEqual(new Set(["action", "comedy"]));
  for (const draft of drafts) expect(truthIn(draft, MOVIES, example)).toMatchObject({ wrong: 0, deciding: true });
  expect(drafts[0]).toEqual({
    answer: "action",
    steps: [
      { tag: "analyze_input", text: 'The query reads "Batman Returns (1992), a film of the genres Action, Crime".' },
      { tag: "find_similar", text: "The words batman, action, crime stand in item 2 too." },
      { tag: "recall_choice", text: 'In item 2 the user chose action: "Batman Forever (1995), a film of".' },
      { tag: "make_decision", text: "So the answer is action." },
    ],
  });
});

test("a title is a phrase of the query, as long as this user's own and in their form", () => {
  const own = (title: string) => ["We model rivers.", title] as const;
  const example = exampleOf(
    TITLES,
    "Machine translation of rare languages is hard. We propose sparse graph attention for low resource translation. It works.",
    [own("Sparse Graphs for River Models"), own("Deep Attention over Old Graphs"), own("Five Views of Grammar Rules")],
  );
  const drafts = draftsOf(TITLES, example);
  expect(drafts.map(({ answer }) => answer)).toContain("Sparse Graph Attention for Low Resource");
  for (const { steps } of drafts)
    expect(steps.some(({ text }) => text.includes("5, 5, 5 words") || text.includes("5, 5"))).toBe(true);
});
