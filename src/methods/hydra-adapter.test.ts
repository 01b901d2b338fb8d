import { expect, it } from "vitest";
import { examples, fakeTools, task } from "../eval/testing/fakes.ts";
import type { Tools } from "../eval/types.ts";
import { CANDIDATES, hydraAdapter } from "./hydra-adapter.ts";
import { overSamples } from "./over-samples.ts";
import { rag } from "./rag.ts";

/** One answer in eight is `comedy`, the others are `action`. */
const say = (_: unknown, k: number): string => (k === 3 ? "comedy" : "action");
/** One user's head likes comedies, all others like action. */
const scoreAnswers: Tools["scoreAnswers"] = async (_, answers) =>
  answers.map(({ example, text }) => ({
    logit: (text === "comedy") === (example.user === "u2") ? 1 : -1,
    own: example.user === "u2",
  }));

it("takes of eight answers the one that the user's own head finds right: another head, another choice", async () => {
  const { tools, asked } = fakeTools(say, { scoreAnswers });
  const replies = await hydraAdapter.answer(examples, tools);
  expect(replies.map(({ response }) => response)).toEqual(["action", "action", "comedy", "action", "action"]);
  expect(replies.map(({ made }) => made?.head)).toEqual(["shared", "shared", "own", "shared", "shared"]);
  expect(replies[2]?.made).toMatchObject({ chosen: 3, answers: expect.arrayContaining(["comedy"]) });
  expect(replies[2]?.cost.responses).toBe(CANDIDATES);
  const drawn = asked.flat().filter(({ params }) => params.temperature > 0);
  expect(drawn.map(({ numSamples, params }) => [numSamples, params.temperature])).toEqual(examples.map(() => [8, 1]));
  expect(drawn.every(({ weights, text }) => weights === "base" && text.includes("item-of-"))).toBe(true);
});

it("majority@8 stands beside it over the very same answers", async () => {
  const cache = new Map();
  const { tools, asked } = fakeTools(say, { scoreAnswers, cache });
  await hydraAdapter.answer(examples, tools);
  const units = asked.length;
  const majority = await overSamples("rag/majority@8", rag).answer(examples, tools);
  expect(asked).toHaveLength(units);
  expect(majority.map(({ response }) => response)).toEqual(examples.map(() => "action"));
  expect(task.kind).toBe("classification");
});
