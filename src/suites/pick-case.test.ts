import { expect, it } from "vitest";
import { type Answers, sparseRows } from "./answers.ts";
import { pickCase } from "./pick-case.ts";

const answers = (scores: Readonly<Record<string, number>>): Answers => ({
  ...{ queries: Object.keys(scores), clusters: Object.keys(scores), sums: sparseRows().finished() },
  score: Float64Array.from(Object.values(scores)),
  ...{ tokens: new Float64Array(), cost: new Float64Array() },
  truth: { stated: new Float64Array(), wrong: new Float64Array(), deciding: new Float64Array() },
});

it("the query with the largest gain is taken, in whatever order the answers stand", () => {
  const picked = pickCase(answers({ a: 0.5, b: 0.2, c: 0.9 }), answers({ c: 0.4, b: 0.6, a: 0.6 }), 1, "t");
  expect(picked).toMatchObject({ query: "b", tied: 1, better: 2, same: 0, worse: 1 });
});

it("of equal ones the seed draws: the same again, and over seeds each of them", () => {
  const [base, own] = [answers({ a: 0, b: 0, c: 0, d: 1 }), answers({ a: 1, b: 1, c: 0, d: 1 })];
  const of = (seed: number) => pickCase(base, own, seed, "t")?.query;
  expect(of(3)).toBe(of(3));
  expect(new Set(Array.from({ length: 20 }, (_, seed) => of(seed)))).toEqual(new Set(["a", "b"]));
});

it("where nothing is gained the least loss is taken, and said", () => {
  expect(pickCase(answers({ a: 1, b: 1 }), answers({ a: 0, b: 0.5 }), 1, "t")).toMatchObject({
    query: "b",
    gain: -0.5,
  });
  expect(pickCase(answers({ a: 1 }), answers({ b: 1 }), 1, "t")).toBeNull();
});
