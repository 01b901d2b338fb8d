import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { examples, fakeTools } from "../eval/testing/fakes.ts";
import { makeChatClient } from "../llm/client.ts";
import type { Fetch } from "../llm/http.ts";
import { methodOf } from "./index.ts";

const config = configSchema.parse({
  eval: {
    apis: {
      big: {
        ...{ url: "http://api.test/v1", model: "big-1", price_in: 2, price_out: 10, max_tokens: 900 },
        thinking: { on: { reasoning_effort: "high" }, off: { reasoning_effort: "none" } },
      },
    },
  },
});

type Body = {
  messages: { role: string; content: string }[];
  n?: number;
  temperature: number;
  reasoning_effort?: string;
};

/** An endpoint in a function, its client's answers kept in a folder. */
function endpoint(say: (body: Body, k: number) => object | Response, cacheDir = mkdtempSync(join(tmpdir(), "api-"))) {
  const bodies: Body[] = [];
  const fetch: Fetch = async (_, init) => {
    const body = JSON.parse(init.body) as Body;
    bodies.push(body);
    const choices = Array.from({ length: body.n ?? 1 }, (_, k) => say(body, k));
    const [first] = choices;
    if (first instanceof Response) return first;
    return Response.json({
      choices: choices.map((message) => ({ message, finish_reason: "stop" })),
      usage: { prompt_tokens: 1000, completion_tokens: 100 * choices.length },
    });
  };
  const chat = () =>
    makeChatClient({
      ...{ role: "api-big", url: "http://api.test/v1", key: "k", model: "big-1", fetch, cacheDir },
      ...{ sleep: async () => {}, random: () => 1 },
    });
  return { bodies, chat, cacheDir };
}

describe("a model behind an API", () => {
  it("is shown what RAG shows, and its answers have their price", async () => {
    const { bodies, chat } = endpoint(() => ({ content: "comedy" }));
    const { tools } = fakeTools(() => "never", { chat });
    const replies = await methodOf("api-big", config).answer(examples, tools);
    expect(bodies[0]).toMatchObject({ model: "big-1", temperature: 0, max_tokens: 900, reasoning_effort: "none" });
    const rag = fakeTools(() => "comedy");
    await methodOf("rag", config).answer(examples, rag.tools);
    expect(`F|${bodies[0]?.messages.map(({ content }) => content).join("\n")}`).toBe(rag.asked[0]?.[0]?.text);
    expect(replies[0]).toMatchObject({ response: "comedy", shown: examples[0]?.shown, tokens: 100 });
    expect(replies[0]?.cost.dollars).toBeCloseTo((1000 * 2 + 100 * 10) / 1e6, 12);
  });

  it("with reasoning switches thinking on, and thoughts that come apart are read as reasoning", async () => {
    const { bodies, chat } = endpoint(() => ({ content: "comedy", reasoning_content: "likes fun" }));
    const { tools } = fakeTools(() => "never", { chat });
    const [reply] = await methodOf("api-big-r", config).answer(examples.slice(0, 1), tools);
    expect(bodies[0]?.reasoning_effort).toBe("high");
    expect(bodies[0]?.messages[0]?.content).toContain("<think>");
    expect(reply?.response).toBe("<think>\nlikes fun\n</think>\n\ncomedy");
    // A row without reasoning whose model thinks all the same.
    const [plain] = await methodOf("api-big", config).answer(examples.slice(0, 1), tools);
    expect(plain).toMatchObject({ response: "comedy", made: { thoughts: "<think>\nlikes fun\n</think>" } });
  });

  it("draws the samples of eval.samples too, and they cost", async () => {
    const { bodies, chat } = endpoint(({ n }, k) => ({ content: n === undefined ? "greedy" : `s${k}` }));
    const { tools } = fakeTools(() => "never", { chat, draw: { n: 3, temperature: 0.7 } });
    const [reply] = await methodOf("api-big", config).answer(examples.slice(0, 1), tools);
    expect(bodies.map(({ n, temperature }) => [n, temperature])).toEqual([
      [undefined, 0],
      [3, 0.7],
    ]);
    expect(reply?.samples?.map(({ response }) => response)).toEqual(["s0", "s1", "s2"]);
    expect(reply?.cost.dollars).toBeCloseTo((2000 * 2 + 400 * 10) / 1e6, 12);
    const majority = await methodOf("api-big/majority@3", config).answer(examples.slice(0, 1), tools);
    expect(majority[0]?.made?.answers).toHaveLength(3);
    expect(bodies).toHaveLength(2);
  });

  it("asks nothing twice after a kill: not what was answered, nor what was refused", async () => {
    const say = ({ messages }: Body) =>
      messages.at(-1)?.content.endsWith("query 1") ? { content: "", refusal: "no" } : { content: "comedy" };
    const first = endpoint(say);
    const replies = await methodOf("api-big", config).answer(examples, fakeTools(() => "", { chat: first.chat }).tools);
    expect(replies[1]).toMatchObject({ response: "no", made: { refused: expect.any(String) } });
    const again = endpoint(say, first.cacheDir);
    expect(await methodOf("api-big", config).answer(examples, fakeTools(() => "", { chat: again.chat }).tools)).toEqual(
      replies,
    );
    expect(again.bodies).toEqual([]);
  });

  it("a request that fails ends the evaluation and counts as no answer; the others are kept", async () => {
    let broken = true;
    const say = ({ messages }: Body) =>
      broken && messages.at(-1)?.content.endsWith("query 3")
        ? new Response("oops", { status: 500 })
        : { content: "comedy" };
    const { chat, bodies } = endpoint(say);
    const { tools } = fakeTools(() => "never", { chat });
    const api = methodOf("api-big", config);
    await expect(api.answer(examples, tools)).rejects.toThrow(/api-big: 1 of 5 requests got no answer/);
    broken = false;
    const before = bodies.length;
    expect(await api.answer(examples, tools)).toHaveLength(5);
    expect(bodies.length - before).toBe(1);
  });
});

it("names of a config's own methods: models with and without reasoning, modules, files; others are refused with the nearest", () => {
  const own = configSchema.parse({
    eval: { ...config.eval, own: { mine: "/m.ts" }, predictions: { theirs: "/p.jsonl" } },
  });
  expect(methodOf("api-big", own)).toMatchObject({ label: "big", reasoning: false, external: true });
  expect(methodOf("api-big-r", own)).toMatchObject({ label: "big-R", reasoning: true });
  expect(methodOf("own-mine", own).label).toBe("mine");
  expect(methodOf("file-theirs", own)).toMatchObject({ label: "theirs", draws: false });
  expect(() => methodOf("api-bug", own)).toThrow(/no method api-bug \(did you mean api-big\?\)/);
  expect(() => methodOf("file-theirs/majority@8", own)).toThrow(/draws no samples/);
});
