import { expect, it } from "vitest";
import { rememberedEmbed } from "./embed-memory.ts";

function counted(numbers?: number) {
  const asked: (readonly string[])[] = [];
  const { embed, forget } = rememberedEmbed(async (texts) => {
    asked.push(texts);
    return texts.map((text) => [text.length, 0.5]);
  }, numbers);
  return { embed, forget, asked };
}

it("embeds a text once, over questions and within one", async () => {
  const { embed, asked } = counted();
  const first = await embed(["what?", "an item", "another one", "an item"]);
  expect(first.map((vector) => Array.from(vector))).toEqual([
    [5, 0.5],
    [7, 0.5],
    [11, 0.5],
    [7, 0.5],
  ]);
  const second = await embed(["and then?", "an item", "another one"]);
  expect(second.map((vector) => vector[0])).toEqual([9, 7, 11]);
  expect(asked).toEqual([["what?", "an item", "another one"], ["and then?"]]);
});

it("asks nobody where all is known, until it is told to forget", async () => {
  const { embed, forget, asked } = counted();
  await embed(["a", "b"]);
  await embed(["b", "a"]);
  expect(asked).toHaveLength(1);
  forget();
  await embed(["a"]);
  expect(asked).toHaveLength(2);
});

it("keeps nothing that was asked for before a forgetting", async () => {
  let asked = 0;
  let meanwhile = (): void => {};
  const { embed, forget } = rememberedEmbed(async (texts) => {
    asked++;
    meanwhile();
    return texts.map(() => [1]);
  });
  meanwhile = forget;
  await embed(["a"]);
  meanwhile = () => {};
  await embed(["a"]);
  await embed(["a"]);
  expect(asked).toBe(2);
});

it("holds no more than it may: what was asked for longest ago goes, and every answer is whole", async () => {
  const { embed, asked } = counted(4);
  await embed(["a", "bb"]);
  await embed(["a"]);
  expect((await embed(["a", "ccc", "bb"])).map((vector) => vector[0])).toEqual([1, 3, 2]);
  await embed(["bb"]);
  await embed(["dddd"]);
  await embed(["ccc"]);
  expect(asked).toEqual([["a", "bb"], ["ccc"], ["dddd"], ["ccc"]]);
});

it("keeps nothing of an embedder that gives no vectors, and tries again", async () => {
  let broken = true;
  const { embed } = rememberedEmbed(async (texts) => texts.map(() => (broken ? [Number.NaN] : [1])));
  await expect(embed(["a"])).rejects.toThrow("the embedding model gives a number that is not finite (in vector 1)");
  broken = false;
  expect(await embed(["a"])).toEqual([Float32Array.of(1)]);
});
