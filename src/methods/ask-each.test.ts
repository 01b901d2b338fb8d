import { describe, expect, it } from "vitest";
import { examples, fakeTools } from "../eval/testing/fakes.ts";
import { METHODS } from "./index.ts";
import { rag } from "./rag.ts";
import { ragR } from "./rag-r.ts";
import { sftIndR } from "./sft-ind-r.ts";
import { tagpr } from "./tagpr.ts";
import { zeroShot } from "./zero-shot.ts";

const two = examples.slice(0, 2);

describe("a method that is one prompt", () => {
  it("asks greedily, a batch as one unit, and has what the template began in its response", async () => {
    const { tools, asked } = fakeTools(() => "so</think>comedy");
    const replies = await ragR.answer(examples, tools);
    expect(asked.map((unit) => unit.length)).toEqual([5]);
    expect(asked.flat().every(({ params }) => params.temperature === 0)).toBe(true);
    expect(replies[0]).toMatchObject({
      ...{ response: "<think>\nso</think>comedy", truncated: false, cut: [], shown: examples[0]?.shown },
      cost: { promptTokens: asked[0]?.[0]?.prompt.length, sampledTokens: 17, responses: 1 },
    });
  });

  it("zero-shot shows no item, methods without reasoning think not and name no tags, trained ones ask their own weights", async () => {
    const seen = async (method: (typeof METHODS)[number]) => {
      const { tools, asked } = fakeTools(() => "comedy", { tags: ["analyze_input"] });
      const [reply] = await method.answer(two.slice(0, 1), tools);
      return { ...asked[0]?.[0], response: reply?.response };
    };
    expect((await seen(zeroShot)).text).not.toContain("item-of-0");
    expect((await seen(zeroShot)).text).toMatch(/^F\|/);
    const plain = await seen(rag);
    expect(plain.text).toContain("item-of-0");
    expect(plain.text).not.toContain("analyze_input");
    expect(plain).toMatchObject({ weights: "base", response: "comedy" });
    expect(await seen(tagpr)).toMatchObject({ weights: "explore", text: expect.stringMatching(/^T\|.*analyze_input/) });
    expect(await seen(sftIndR)).toMatchObject({ weights: "sft-ind/tag" });
  });

  it("draws samples beside the greedy answer in the same unit, the same for every method of that prompt", async () => {
    const cache = new Map();
    const draw = { n: 3, temperature: 0.6 };
    const first = fakeTools((_, k) => ["a", "b", "c"][k] ?? "", { draw, cache });
    const [reply] = await ragR.answer(two, first.tools);
    expect(first.asked.map((unit) => unit.map(({ numSamples }) => numSamples))).toEqual([[1, 3, 1, 3]]);
    expect(reply?.samples?.map(({ response }) => response)).toEqual(["<think>\na", "<think>\nb", "<think>\nc"]);
    const second = fakeTools(() => "", { draw, cache });
    expect(await ragR.answer(two, second.tools)).toEqual(await ragR.answer(two, first.tools));
    expect(second.asked).toEqual([]);
  });

  it("says what was cut from a prompt, and shows only the items that were left", async () => {
    // Room for the system prompt and the query, and for no item beside them.
    const { tools } = fakeTools(() => "x", { promptTokens: 200, tags: ["analyze_input"] });
    const [reply] = await ragR.answer(two, tools);
    expect(reply).toMatchObject({ cut: [{ item: "i0", field: null, from: 9, to: 0 }], shown: [] });
  });
});

it("every method has a name of its own that files can have, a label, a source and a sentence", () => {
  const names = METHODS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(METHODS.map(({ label }) => label)).size).toBe(names.length);
  for (const { name, source, about } of METHODS) {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(source).not.toBe("");
    expect(about).toMatch(/\.$/);
  }
});
