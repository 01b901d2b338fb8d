import { expect, test } from "vitest";
import { silent } from "../core/progress.ts";
import { loadTask } from "../data/task-file.ts";
import type { ChatModel } from "../llm/types.ts";
import { buildChains } from "./build.ts";
import { CONFIG, candidate, fakeModel, MOVIES, movie, simpleCheck } from "./chains.fixture.ts";
import { flawOf } from "./rationalize.ts";
import { shared } from "./rollouts.ts";
import { rulesJudge } from "./rules/judge.ts";
import { rulesTagger } from "./rules/tagger.ts";
import { rulesTeacher } from "./rules/teacher.ts";
import type { CheckSaid } from "./said.ts";
import { modelTeacher, type RunTeacher } from "./teacher.ts";

const letters = async (texts: readonly string[]) =>
  texts.map((text) => Array.from({ length: 26 }, (_, k) => text.split(String.fromCharCode(97 + k)).length - 1));
const answer = (k: number, label: string) =>
  `<think>\nRebels hide, view ${k}.\nIn the history a lone survivor walks through burnt cities.\nSo it is ${label}.\n</think>\n\n${label}`;
const byModel = (model: ChatModel, more: Partial<RunTeacher> = {}): RunTeacher => ({
  ...{ teacher: modelTeacher(model, { temperature: 1, maxTokens: 99 }), share: 1, rationalize: false },
  ...more,
});
const byRules: RunTeacher = { teacher: rulesTeacher(1, simpleCheck), share: 1, rationalize: false };
const queries = Array.from({ length: 40 }, (_, q) => movie(`q${q}`, `u${q % 5}`, "dystopia"));

const build = (teachers: readonly RunTeacher[], examples = queries, config = {}) =>
  buildChains({
    ...{ examples, tasks: [MOVIES], config: { ...CONFIG, rollouts: 8, ...config }, teachers, check: simpleCheck },
    ...{ judge: rulesJudge(simpleCheck), tagger: rulesTagger(), embed: letters, seed: 1, progress: silent },
  });

test("roll-outs are shared out whole, none lost", () => {
  expect(shared(8, [{ share: 1 }, { share: 3 }])).toEqual([2, 6]);
  expect(shared(8, [{ share: 1 }, { share: 1 }, { share: 1 }])).toEqual([3, 3, 2]);
  expect(shared(5, [{ share: 0.2 }])).toEqual([5]);
});

test("chains of rules keep the steps that they have, and the tagger is never asked about them", async () => {
  const never = { ...rulesTagger(), tag: () => Promise.reject(new Error("asked")) };
  const items = [
    { id: "i0", fields: { description: "Rebels hide in a cave", tag: "dystopia" } },
    { id: "i1", fields: { description: "Two clowns inherit a circus", tag: "comedy" } },
  ];
  const examples = queries.slice(0, 6).map((query) => ({ ...query, shown: items }));
  const built = await buildChains({
    ...{ examples, tasks: [MOVIES], config: { ...CONFIG, rollouts: 8 }, teachers: [byRules], check: simpleCheck },
    ...{ judge: rulesJudge(simpleCheck), tagger: never, embed: letters, seed: 1, progress: silent },
  });
  expect(built.chains.length).toBeGreaterThan(0);
  for (const { completion } of built.chains) expect(completion).toMatch(/^<think>\n<analyze_input>\nThe query reads/);
  expect(built.stats.by.teacher).toBe("stated rules (TagPR's own, no model)");
});

test("chains of two teachers mix by their shares, as long as both have some", async () => {
  const [a, b] = ["a", "b"].map((name) => {
    const { model } = fakeModel((_, k) => answer(k, "dystopia").replace("view", `view ${name}`));
    return { ...model, name };
  }) as [ChatModel, ChatModel];
  const { stats, chains } = await build([byModel(a, { share: 3 }), byModel(b)], queries, { per_query: 1 });
  expect(chains).toHaveLength(40);
  expect(stats.written_by.a).toBeGreaterThan(22);
  expect(stats.written_by.b).toBeGreaterThan(3);
});

test("where no roll-out is right the answer is shown, and only there", async () => {
  const { model, asked } = fakeModel(({ messages }, k) => {
    const told = messages.at(-1)?.content.includes("This user's answer is: comedy");
    return answer(k, told ? "comedy" : "dystopia");
  });
  const examples = [movie("q0", "u0", "dystopia"), movie("q1", "u1", "comedy"), movie("q2", "u2", "comedy")];
  const built = await build([byModel(model, { rationalize: true })], examples);
  expect(asked).toHaveLength(5);
  expect(built.stats.rationalized).toMatchObject({ queries: 2, accepted: 16, flaws: {} });
  expect(new Set(built.chains.map(({ query }) => query))).toEqual(new Set(["q0", "q1", "q2"]));
  expect(built.rollouts.filter(({ given }) => given)).toHaveLength(16);
});

test("always: the answer of every query is shown, and nothing is rolled out blind", async () => {
  const { model, asked } = fakeModel((_, k) => answer(k, "dystopia"));
  const built = await build([byModel(model, { rationalize: "always" })], queries.slice(0, 3));
  expect(asked).toHaveLength(3);
  expect(built.stats.rationalized).toMatchObject({ queries: 3, accepted: 24 });
  expect(built.rollouts.every(({ given }) => given)).toBe(true);
});

test("rules that are shown an answer write what the items show, and leave that answer open", async () => {
  const items = [
    { id: "i0", fields: { description: "Rebels hide in a cave", tag: "dystopia" } },
    { id: "i1", fields: { description: "Two clowns inherit a circus", tag: "comedy" } },
  ];
  const given = { ...movie("q0", "u0", "romance"), input: "tags: [] description: Rebels in love", shown: items };
  const [chain, ...more] = (await build([{ ...byRules, rationalize: "always" }], [given])).chains;
  expect(more).toEqual([]);
  expect(chain?.untagged.split("\n").slice(1, -3)).toEqual([
    'The query reads "Rebels in love".',
    "The words rebels stand in item 1 too.",
    "Item 1 is dystopia.",
    "So the answer is romance.",
  ]);
});

const says: CheckSaid = (text) =>
  [...text.matchAll(/item (\d) is (\w+)/g)].map(([, n, label = ""]) => ({
    names: [label],
    fault: n === "1" ? null : "no",
  }));

test.each([
  ["names the answer early", "Surely it is dystopia. The history has it. So dystopia."],
  ["cites what is not there", "Rebels hide. In item 7 is dystopia. So dystopia."],
  [null, "Rebels hide. There item 1 is dystopia. So dystopia."],
  [null, "The query says dystopia. There is item 1. So dystopia.", "description: a dystopia"],
])("a rationalized chain: %s", (flaw, reasoning, input = "description: rebels") => {
  const one = candidate(reasoning);
  expect(flawOf({ ...one, example: { ...one.example, input } }, says)).toBe(flaw);
});

test("a number that the query has is no grade: said early it betrays the answer all the same", () => {
  const one = candidate("Surely a 5. There are items. So the score is 5.", "5");
  const example = { ...one.example, input: "review: 5 nights, wonderful" };
  expect(flawOf({ ...one, task: loadTask("LaMP_3"), example }, says)).toBe("names the answer early");
});
