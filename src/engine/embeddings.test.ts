import { expect, it } from "vitest";
import { embedTexts } from "./embeddings.ts";
import type { Transport } from "./transport.ts";

const engine = (asked: number[]): Transport => ({
  ...{ url: "http://engine.test", key: "k", now: () => 0, sleep: async () => undefined },
  fetch: async (_, { body }) => {
    const { input } = JSON.parse(String(body)) as { input: string[] };
    asked.push(input.length);
    const data = input.map((text, index) => ({ index, embedding: [text.length] })).reverse();
    return Response.json({ data, usage: { prompt_tokens: 2 * input.length } });
  },
});

it("many texts go in several requests, come back in order, and the tokens of each are told", async () => {
  const [asked, told]: [number[], number[]] = [[], []];
  const texts = Array.from({ length: 300 }, (_, i) => "x".repeat(i));
  const vectors = await embedTexts(engine(asked), "mini", texts, (tokens) => told.push(tokens));
  expect(vectors).toEqual(texts.map((text) => [text.length]));
  expect(asked).toEqual([256, 44]);
  expect(told).toEqual([512, 88]);
});
