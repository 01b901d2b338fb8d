import { expect, it } from "vitest";
import { examples, fakeTools, renderer } from "../eval/testing/fakes.ts";
import { pplug } from "./pplug.ts";
import { pplugLabels } from "./pplug-labels.ts";

const shown = (prompt: readonly number[]): string =>
  prompt.map((token) => (token < 0 ? `<soft ${-1 - token}>` : renderer.decode([token]))).join("");

it("asks the base model without items, with two soft tokens right before the question", async () => {
  const { tools, asked } = fakeTools(() => "comedy");
  const [first] = await pplug.answer(examples, tools);
  const [unit] = asked;
  expect(asked).toHaveLength(1);
  expect(unit?.map(({ weights }) => weights)).toEqual(examples.map(() => "base"));
  expect(shown(unit?.[0]?.prompt ?? [])).toMatch(/\n<soft 0><soft 1>query 0$/);
  expect(shown(unit?.[0]?.prompt ?? [])).not.toContain("item-of-0");
  expect(unit?.[0]?.soft).toEqual([[1], [1]]);
  expect(first).toMatchObject({
    ...{ response: "comedy", shown: [] },
    made: { items: 1, attention: [{ item: "i0", weight: 1 }] },
  });
});

it("draws what an evaluation asks for behind the same soft tokens, and asks nothing twice", async () => {
  const cache = new Map();
  const ask = async () => {
    const { tools, asked } = fakeTools((_, k) => `answer ${k}`, { draw: { n: 3, temperature: 1 }, cache });
    return { replies: await pplug.answer(examples.slice(0, 1), tools), asked };
  };
  const { replies, asked } = await ask();
  expect(replies[0]?.samples?.map(({ response }) => response)).toEqual(["answer 0", "answer 1", "answer 2"]);
  expect(asked.flat().every(({ soft }) => soft !== undefined)).toBe(true);
  expect((await ask()).asked).toEqual([]);
});

it("has a row without labels in the vectors and one with them, each with a maker of its own", async () => {
  const stages: string[] = [];
  const { tools } = fakeTools(() => "comedy");
  const softPrompts: typeof tools.softPrompts = (stage, all) => {
    stages.push(stage);
    return tools.softPrompts(stage, all);
  };
  for (const row of [pplug, pplugLabels]) await row.answer(examples, { ...tools, softPrompts });
  expect(stages).toEqual(["pplug", "pplug-labels"]);
  expect([pplug.trains, pplugLabels.trains]).toEqual([["pplug"], ["pplug-labels"]]);
});
