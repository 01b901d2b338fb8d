import { expect, test } from "vitest";
import { makeEmbedClient } from "./embeddings.ts";

const options = { role: "embeddings", url: "http://api.test/v1", key: "", model: "mini" };

test("vectors come in the order of the texts, batch by batch", async () => {
  const fake: typeof fetch = async (_, init) => {
    const { input } = JSON.parse(String(init?.body)) as { input: string[] };
    const data = input.map((text, index) => ({ index, embedding: [Number(text), 1] }));
    return Response.json({ data: data.reverse() });
  };
  const texts = Array.from({ length: 300 }, (_, i) => String(i));
  const vectors = await makeEmbedClient({ ...options, fetch: fake })(texts);
  expect(vectors.map(([first]) => first)).toEqual(texts.map(Number));
});

test("a reply of another length or form is an error that names the endpoint", async () => {
  for (const body of [{ data: [] }, { vectors: [] }]) {
    const embed = makeEmbedClient({ ...options, fetch: async () => Response.json(body), retries: 0 });
    await expect(embed(["a"])).rejects.toThrow();
  }
});
