import OpenAI, { APIError, AuthenticationError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Server, startServer } from "./start.ts";
import { CHAIN, fakeCompute, fakeService, TOKEN } from "./testing/fake-service.ts";

/** OpenAI's own client for Node, unmodified, over a real port. */
let server: Server;
let client: OpenAI;
const compute = fakeCompute({ say: (_, i) => (i === 0 ? CHAIN : "comedy") });

beforeAll(async () => {
  const { service } = await fakeService({ compute });
  server = await startServer(service, 0);
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: TOKEN, maxRetries: 0 });
});
afterAll(() => server.close());

const REQUEST = {
  model: "nano",
  messages: [{ role: "user" as const, content: "a film about love" }],
  // Fields beyond OpenAI's go along with the body, as its documentation says.
  ...{ tagpr: { items: [{ description: "a film about robots", tag: "action" }] } },
};

describe("OpenAI's client for Node", () => {
  it("gets answer, chain and usage", async () => {
    const answer = await client.chat.completions.create(REQUEST);
    expect(answer.choices[0]?.message).toMatchObject({
      content: "comedy",
      reasoning_content: expect.stringMatching(/<make/),
    });
    expect(answer.usage?.total_tokens).toBeGreaterThan(100);
    expect(answer).toMatchObject({ tagpr: { shown: { history: 1 }, said: [{ answer: "comedy" }] } });
  });

  it("streams, and its helper puts the same answer together", async () => {
    const runner = client.chat.completions.stream({ ...REQUEST, n: 2, stream_options: { include_usage: true } });
    let content = "";
    for await (const chunk of runner) content += chunk.choices.find(({ index }) => index === 0)?.delta.content ?? "";
    expect(content).toBe("comedy");
    const final = await runner.finalChatCompletion();
    expect(final.choices.map(({ message, finish_reason }) => [message.content, finish_reason])).toEqual([
      ["comedy", "stop"],
      ["comedy", "stop"],
    ]);
    expect(final.usage?.completion_tokens).toBeGreaterThan(10);
  });

  it("reads refusals: their status, field and id", async () => {
    const refused = await client.chat.completions
      .create({ ...REQUEST, frequency_penalty: 1 })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(APIError);
    expect(refused).toMatchObject({ status: 400, param: "frequency_penalty", requestID: expect.any(String) });
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "x", maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(AuthenticationError);
  });

  it("cancels the sampling of a stream that it leaves", async () => {
    const silent = fakeCompute({
      before: (signal) =>
        new Promise((_, left) => signal.addEventListener("abort", () => left(signal.reason), { once: true })),
    });
    const { service } = await fakeService({ compute: silent });
    const other = await startServer(service, 0);
    const patient = new OpenAI({ baseURL: `${other.url}/v1`, apiKey: TOKEN, maxRetries: 0 });
    const stream = await patient.chat.completions.create({ ...REQUEST, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.role === "assistant") break;
    await expect.poll(silent.left).toBe(1);
    await other.close();
  });

  it("lists models and embeds, in the form that it unpacks by itself", async () => {
    const names: string[] = [];
    for await (const model of client.models.list()) names.push(model.id);
    expect(names).toEqual(["nano", "nano-base", "mini"]);
    const { data } = await client.embeddings.create({ model: "mini", input: ["abc", "a"] });
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [3, 0.5],
      [1, 0.5],
    ]);
  });
});
