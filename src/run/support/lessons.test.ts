import { expect, it } from "vitest";
import type { Chain } from "../../chains/types.ts";
import { configSchema } from "../../core/config/schema.ts";
import { loadTask } from "../../data/task-file.ts";
import type { QueryId, ShownExample, UserId } from "../../data/types.ts";
import { LEAST_CHAINS, LEAST_QUERIES, lessonsOf, lessonsText, moreChains, tooLittle } from "./lessons.ts";
import { supported, supportText } from "./set.ts";

const MOVIES = loadTask("LaMP_2");

/** `n` chains, two a query, of three users; `answer` of chain k. */
function lessons(n: number, answer: (k: number) => string) {
  const chains = Array.from({ length: n }, (_, k): Chain => {
    const query = `q${k >> 1}` as QueryId;
    return { task: "LaMP_2", query, i: k % 2, completion: "", untagged: "", answer: answer(k), split: "train" };
  });
  const examples = chains.map(({ query }, k) => ({ task: "LaMP_2", id: query, user: `u${(k >> 1) % 3}` as UserId }));
  const train = chains.map(({ task, query, i }, k) => {
    return {
      id: `${task}/${query}/${i}`,
      query: `${task}/${query}`,
      task,
      prompt: [1, 2],
      completion: Array<number>(k + 1).fill(1),
    };
  });
  return lessonsOf(train, chains, examples as unknown as ShownExample[], [MOVIES]);
}

it("few chains, or chains that all end alike, are too little; more are not", () => {
  const mixed = (k: number) => (k % 3 === 0 ? "comedy" : "action");
  expect(tooLittle(lessons(4, mixed))).toMatch(/the form of chains at most/);
  const enough = lessons(Math.max(LEAST_CHAINS, 2 * LEAST_QUERIES), mixed);
  expect(tooLittle(enough)).toBeNull();
  expect(tooLittle({ ...enough, chains: LEAST_CHAINS - 1 })).toMatch(/the form of chains at most/);
  expect(tooLittle({ ...enough, queries: LEAST_QUERIES - 1 })).toMatch(/the form of chains at most/);
  expect(tooLittle(lessons(100, () => "comedy"))).toMatch(/teach that answer/);
});

it("what there is to learn from is told with its sizes", () => {
  expect(
    lessonsText(
      lessons(5, () => "comedy"),
      99,
    ),
  ).toBe(
    "5 chains of 3 queries (3 users, 1 different answer); prompt and chain together have 5 tokens in the middle and 7 at most (sft.max_tokens takes 99)",
  );
});

it("a set tells what it can support before anything is trained", () => {
  const { chains } = configSchema.parse({});
  const example = (i: number, gold: string): ShownExample => ({
    ...{ task: "LaMP_2", id: `q${i}` as QueryId, user: `u${i % 2}` as UserId, gold, historyItems: 1 },
    input: "tags: [] description: The clowns of Paris",
    shown: [{ id: "a", fields: { description: "Two clowns inherit a circus in Paris", tag: "comedy" } }],
  });
  const examples = [example(0, "comedy"), example(1, "comedy"), example(2, "action"), example(3, "action")];
  const support = supported(MOVIES, examples, chains, []);
  expect(support).toEqual({
    ...{ queries: 4, users: 2, byRules: { right: 2, given: 0, queries: 2, chains: 4 } },
    answers: { different: 2, commonest: 0.5, shown: 0.5 },
  });
  const text = (of: typeof support) => supportText(of, chains).join();
  expect(text(support)).toMatch(
    /^4 labelled queries of 2 users: 2 different answers.*right answer in 2 of them: 4 chains/,
  );
  expect(text(supported(MOVIES, examples.slice(0, 1), chains, []))).toMatch(
    /^1 labelled query of 1 user: 1 different answer,/,
  );
  const given = supported(MOVIES, examples, chains, [true]);
  expect(given.byRules).toEqual({ right: 2, given: 2, queries: 4, chains: 6 });
  expect(text(given)).toMatch(/in 2 of them; shown it .* a chain for 2: 6 chains/);
  const always = supported(MOVIES, examples, chains, ["always"]).byRules;
  expect(always).toEqual({ right: 2, given: 4, queries: 4, chains: 4 });
  const both = supported(MOVIES, examples, { ...chains, per_query: 9 }, [false, "always"]).byRules;
  expect(both.queries).toBe(4);
  expect(both.chains).toBeGreaterThan(always.chains + 2);
});

it("a chain that would be left out, since it says the answer early, is not counted", () => {
  const { chains } = configSchema.parse({});
  const example = (title: string): ShownExample => ({
    ...{ task: "LaMP_4", id: "q" as QueryId, user: "u" as UserId, gold: "Clowns Inherit a Circus", historyItems: 1 },
    input: "Generate a headline for the following article: Two clowns of Paris inherit a whole circus and its debts.",
    shown: [{ id: "a", fields: { title, text: "A circus of Paris is left to two clowns by an aunt." } }],
  });
  const given = (title: string) => supported(loadTask("LaMP_4"), [example(title)], chains, ["always"]).byRules.given;
  expect(given("What an Aunt Left Behind")).toBe(1);
  expect(given("Clowns Inherit a Circus")).toBe(0);
});

it("what would give more chains is what the config and its tasks don't have already", () => {
  const rules = configSchema.parse({ teacher: { kind: "rules" } });
  expect(moreChains(rules, [MOVIES])).not.toMatch(/kind: rules|rouge_threshold/);
  expect(moreChains(rules, [MOVIES, { kind: "generation" }])).toMatch(/kind: openai.*rouge_threshold/);
});
