import { expect, test } from "vitest";
import { makeEmbedClient } from "./embeddings.ts";
import type { Fetch } from "./http.ts";
import { fakeFetch } from "./testing/fake-endpoint.ts";
import { replyTo } from "./testing/manners.ts";

const options = { role: "embeddings", url: "http://api.test/v1", key: "", sleep: async () => {} };

test("vectors come in the order of the texts, batch by batch", async () => {
  const fake: Fetch = async (_, init) => {
    const { input } = JSON.parse(init.body) as { input: string[] };
    const data = input.map((text, index) => ({ index, embedding: [Number(text), 1] }));
    return Response.json({ data: data.reverse() });
  };
  const texts = Array.from({ length: 300 }, (_, i) => String(i));
  const vectors = await makeEmbedClient({ ...options, fetch: fake })("mini", texts);
  expect(vectors.map(([first]) => first)).toEqual(texts.map(Number));
});

test.each([
  ["fewer", "2 vectors for 3 texts"],
  ["widths", "vectors of 3 and of 1 numbers"],
  ["infinite", "data.0.embedding.0"],
  ["nulls", "data.0.embedding.0"],
  ["html", "login"],
])("vectors that can't be right (%s) are asked for again, then an error with what was wrong", async (model, says) => {
  const { fetch, served } = fakeFetch();
  const error = await makeEmbedClient({ ...options, fetch })(model, ["a", "ab", "b"]).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: "llm", message: expect.stringContaining(says) });
  expect(String(error)).toContain("embeddings endpoint http://api.test/v1");
  expect(served.requests).toHaveLength(3);
});

test("a service that takes fewer texts a request gets fewer, from then on", async () => {
  const { fetch, served } = fakeFetch((asked, nth) =>
    (asked.input?.length ?? 0) > 50
      ? { status: 400, body: { error: "at most 50 texts" } }
      : replyTo({ ...asked, model: "mini" }, nth),
  );
  const texts = Array.from({ length: 300 }, (_, i) => "a".repeat(i % 7));
  const vectors = await makeEmbedClient({ ...options, fetch, concurrency: 1 })("mini", texts);
  expect(vectors.map(([length]) => length)).toEqual(texts.map(({ length }) => length));
  expect(served.requests.map(({ input }) => input?.length)).toEqual([
    256, 128, 64, 32, 32, 32, 32, 32, 32, 32, 32, 22, 22,
  ]);
});

test.each([
  ["http://api.test", "http://api.test/v1/embeddings"],
  ["http://api.test/v1/", "http://api.test/v1/embeddings"],
  ["http://api.test/v1beta/openai", "http://api.test/v1beta/openai/embeddings"],
])("the base URL %s", async (url, asked) => {
  const seen: string[] = [];
  const fake: Fetch = async (at) => {
    seen.push(at);
    return Response.json({ data: [{ embedding: [1] }] });
  };
  await makeEmbedClient({ ...options, url, fetch: fake })("mini", ["a"]);
  expect(seen).toEqual([asked]);
});
