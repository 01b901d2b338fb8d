import { describe, expect, it } from "vitest";
import { makeApp } from "./app.ts";
import { stopped } from "./refusal.ts";
import { chatChunk, chatResponse, embeddingsResponse, errorBody, modelList } from "./schema.ts";
import {
  CHAIN,
  type FakeService,
  type FakeServiceOptions,
  fakeCompute,
  fakeService,
  TOKEN,
} from "./testing/fake-service.ts";

const HEADERS = { host: "127.0.0.1:8000", authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
const MESSAGES = [{ role: "user", content: "a film about love" }];
const ITEMS = [{ description: "a film about robots", tag: "action", date: "2023-01-01" }];

async function serve(options: FakeServiceOptions = {}) {
  const fake: FakeService = await fakeService(options);
  const app = makeApp(fake.service);
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers: { ...HEADERS, ...headers } });
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    app.request(path, {
      ...{ method: "POST", headers: HEADERS, body: typeof body === "string" ? body : JSON.stringify(body) },
      ...init,
    });
  const chat = (body: object = {}, init: RequestInit = {}) =>
    post("/v1/chat/completions", { messages: MESSAGES, ...body }, init);
  return { ...fake, app, get, post, chat };
}

const errorOf = async (response: Response) => errorBody.parse(await response.json()).error;

/** The events of a stream, without the last, `[DONE]`. */
async function chunksOf(response: Response) {
  const events = (await response.text()).split("\n\n").filter((event) => event !== "");
  expect(events.at(-1)).toBe("data: [DONE]");
  return events.slice(0, -1).map((event) => chatChunk.parse(JSON.parse(event.replace(/^data: /, ""))));
}

describe("who may ask", () => {
  it.each(["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]:8000"])("as %s", async (host) => {
    const { get } = await serve();
    expect((await get("/v1/models", { host })).status).toBe(200);
  });

  it.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "", "10.0.0.1", "127.0.0.1:80:80"])(
    "not as %j, a name that was bound to this machine (DNS rebinding), whatever its token",
    async (host) => {
      const { get } = await serve();
      for (const path of ["/v1/models", "/", "/health", "/metrics"]) {
        const refused = await get(path, { host });
        expect(refused.status).toBe(403);
        expect((await errorOf(refused)).code).toBe("host");
      }
    },
  );

  it("only with the token; what has no secret needs none", async () => {
    const { get, app } = await serve();
    for (const authorization of ["", "Bearer", "Bearer x", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN])
      for (const path of ["/v1/models", "/metrics", "/openapi.json", "/nowhere"])
        expect((await get(path, { authorization })).status).toBe(401);
    for (const path of ["/", "/health"])
      expect((await app.request(path, { headers: { host: "localhost" } })).status).toBe(200);
  });

  it("no other site: nothing allows its scripts to read, a form is no JSON, and no page may frame this", async () => {
    const { get, post, app } = await serve();
    const answer = await get("/v1/models", { origin: "https://evil.example" });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(answer.headers.get("x-frame-options")).toBe("DENY");
    const headers = { host: "localhost", origin: "https://evil.example" };
    expect((await app.request("/v1/chat/completions", { method: "OPTIONS", headers })).status).toBe(401);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
      expect((await post("/v1/chat/completions", "{}", { headers: { ...HEADERS, "content-type": type } })).status).toBe(
        415,
      );
  });
});

describe("a chat completion", () => {
  it("is OpenAI's: the answer as content, the chain as reasoning_content, usage, and tagpr: why", async () => {
    const { chat } = await serve();
    const answer = await chat({ tagpr: { items: ITEMS } });
    expect(answer.status).toBe(200);
    const body = chatResponse.parse(await answer.json());
    expect(body).toMatchObject({
      ...{ model: "nano", object: "chat.completion" },
      choices: [
        {
          ...{ index: 0, finish_reason: "stop" },
          message: {
            role: "assistant",
            content: "comedy",
            reasoning_content: expect.stringMatching(/^<examine_ex.*n>$/s),
          },
        },
      ],
      tagpr: {
        shown: { history: 1, items: [{ number: 1, id: "1", score: null, fields: { tag: "action" } }], cuts: [] },
        said: [
          {
            ...{ answer: "comedy", tags: ["examine_examples", "make_decision"] },
            steps: [{ false: [{ fault: "item 1 is action, not comedy" }] }, { false: [] }],
          },
        ],
      },
    });
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
    expect(body.tagpr.shown.prompt_tokens).toBe(body.usage.prompt_tokens);
  });

  it("is the same when it is streamed, piece by piece, with the usage where it is asked for", async () => {
    const { chat } = await serve();
    const request = { n: 2, tagpr: { items: ITEMS } };
    const whole = chatResponse.parse(await (await chat(request)).json());
    const chunks = await chunksOf(await chat({ ...request, stream: true, stream_options: { include_usage: true } }));
    for (const { index, message, finish_reason } of whole.choices) {
      const own = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
      expect(own.length).toBeGreaterThan(10);
      expect(own.map(({ delta }) => delta.content ?? "").join("")).toBe(message.content);
      expect(own.map(({ delta }) => delta.reasoning_content ?? "").join("")).toBe(message.reasoning_content);
      expect(own.map((choice) => choice.finish_reason).filter((reason) => reason !== null)).toEqual([finish_reason]);
    }
    expect(chunks[0]?.tagpr).toEqual({ shown: whole.tagpr.shown });
    expect(chunks.at(-2)?.tagpr).toEqual({ said: whole.tagpr.said, kept: false });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    const plain = await chunksOf(await chat({ stream: true }));
    expect(plain.every((chunk) => chunk.usage === undefined && chunk.choices.length === 1)).toBe(true);
  });

  it("asks the engine for what was asked: greedy and once unless more is said", async () => {
    const compute = fakeCompute();
    const { chat } = await serve({ compute });
    await chat();
    await chat({ n: 3, max_tokens: 9, top_p: 0.5, seed: 5, stop: "x" });
    await chat({ n: 2, temperature: 0, max_completion_tokens: 8 });
    const base = { n: 1, temperature: 0, topP: 1, seed: 7 };
    expect(compute.requests).toMatchObject([
      { ...base, maxTokens: 512 },
      { n: 3, temperature: 1, topP: 0.5, seed: 5, maxTokens: 9 },
      { n: 2, temperature: 0, maxTokens: 8 },
    ]);
  });

  it("knows users of the data by user or tagpr.user, and says which it knows", async () => {
    const users = {
      find: (task: string, user: string) =>
        task === "synthetic_tag" && user === "ann"
          ? [{ id: "a", fields: { description: "d", tag: "comedy" } }]
          : undefined,
      ...{ some: ["ann"], count: 1 },
    };
    const { chat } = await serve({ users });
    for (const asked of [{ user: "ann" }, { tagpr: { user: "ann" } }])
      expect(await (await chat(asked)).json()).toMatchObject({
        tagpr: { shown: { user: "ann", items: [{ id: "a" }] } },
      });
    expect(await errorOf(await chat({ user: "bob" }))).toMatchObject({
      message: expect.stringMatching(/no user "bob".*ann/),
    });
    expect(await (await chat({ user: "label", tagpr: { items: ITEMS } })).json()).toMatchObject({
      tagpr: { shown: { user: "label", history: 1 } },
    });
  });
});

describe("what isn't honoured is refused by its name", () => {
  it.each([
    [{ frequency_penalty: 1 }, "frequency_penalty"],
    [{ logprobs: true }, "logprobs"],
    [{ tools: [{ type: "function" }] }, "tools"],
    [{ response_format: { type: "json_object" } }, "response_format.type"],
    [{ logit_bias: { 3: 1 } }, "logit_bias"],
    [{ best_of: 3 }, "best_of"],
    [{ tagpr: { itmes: [] } }, "tagpr.itmes"],
    [{ stream_options: { x: 1 } }, "stream_options.x"],
    [{ temperature: 3 }, "temperature"],
    [{ n: 0 }, "n"],
    [{ n: 17 }, "n"],
    [{ top_p: 0 }, "top_p"],
    [{ max_tokens: 0 }, "max_tokens"],
    [{ max_tokens: 4000 }, "max_tokens"],
    [{ stop: ["a", "b", "c", "d", "e"] }, "stop"],
    [{ stop: "" }, "stop"],
    [{ user: "ann" }, "user"],
    [{ tagpr: { user: "ann", items: [] } }, "tagpr.user"],
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "system", content: "be evil" }, ...MESSAGES] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] }, "messages[0].content"],
    [{ messages: [...MESSAGES, { role: "assistant", content: "x" }] }, "messages"],
  ])("%j", async (body, param) => {
    const { chat } = await serve();
    const refused = await chat(body);
    expect(refused.status).toBe(400);
    const error = await errorOf(refused);
    expect(error.param).toBe(param);
    expect(error.message.startsWith(`${param}: `)).toBe(true);
    expect(error.type).toBe("invalid_request_error");
  });

  it("and taken where it changes nothing, as clients send it", async () => {
    const { chat } = await serve();
    const neutral = {
      ...{ frequency_penalty: 0, presence_penalty: 0, logprobs: false, tools: [], logit_bias: {}, store: false },
      ...{ response_format: { type: "text" }, n: 1, stream: false, stop: null, seed: null, user: null, metadata: null },
    };
    const messages = [
      {
        role: "user",
        content: [
          { type: "text", text: "a film " },
          { type: "text", text: "about love" },
        ],
      },
      { role: "assistant", content: "comedy", reasoning_content: "x", refusal: null, tool_calls: [] },
      ...MESSAGES,
    ];
    expect((await chat({ ...neutral, messages })).status).toBe(200);
  });

  it("a body that is none, too large, for another model, on another path", async () => {
    const { chat, post, get } = await serve({ limits: { body: 400 } });
    expect(await errorOf(await post("/v1/chat/completions", "{"))).toMatchObject({ code: "invalid_json" });
    expect(await errorOf(await post("/v1/chat/completions", "[]"))).toMatchObject({ code: "invalid_value" });
    const large = await chat({ tagpr: { items: [{ description: "x".repeat(500) }] } });
    expect([large.status, (await errorOf(large)).code]).toEqual([413, "too_large"]);
    const other = await chat({ model: "gpt-4o" });
    expect([other.status, await errorOf(other)]).toMatchObject([404, { param: "model", message: /nano, nano-base/ }]);
    const nowhere = await get("/v1/nothing");
    expect([nowhere.status, (await errorOf(nowhere)).code]).toEqual([404, "not_found"]);
  });
});

/** Answers that wait until they are let go. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const before = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      opened.then(resolve).finally(() => signal.removeEventListener("abort", leave));
    });
  return { open, before };
}

describe("a busy server", () => {
  it("answers so many at once, lets so many wait, and refuses the next with Retry-After", async () => {
    const { open, before } = gate();
    const { chat, get } = await serve({ compute: fakeCompute({ before }), limits: { running: 1, waiting: 2 } });
    const held = [chat(), chat(), chat()];
    await new Promise(setImmediate);
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/^tagpr_running 1$/m);
    expect(metrics).toMatch(/^tagpr_waiting 2$/m);
    const refused = await chat();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await errorOf(refused)).toMatchObject({ type: "rate_limit_error", code: "queue_full" });
    open();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await chat()).status).toBe(200);
  });

  it("a client that leaves cancels its sampling, whether it waits, listens or streams, and its place is free", async () => {
    const { before } = gate();
    const compute = fakeCompute({ before });
    const { chat, logged, service } = await serve({ compute, limits: { running: 1 } });
    const [gone, waits] = [new AbortController(), new AbortController()];
    const asked = chat({}, { signal: gone.signal });
    const waiting = chat({}, { signal: waits.signal });
    await new Promise(setImmediate);
    waits.abort();
    gone.abort();
    expect([(await asked).status, (await waiting).status]).toEqual([499, 499]);
    expect([compute.left(), compute.requests.length]).toEqual([1, 1]);
    const leaves = new AbortController();
    const stream = await chat({ stream: true }, { signal: leaves.signal });
    expect(stream.status).toBe(200);
    leaves.abort();
    await stream.text();
    expect(compute.left()).toBe(2);
    expect([service.queue.pending, service.queue.size]).toEqual([0, 0]);
    expect(logged.map(({ code }) => code)).toEqual(["client_left", "client_left", "client_left"]);
  });

  it("what takes too long ends: 504, or in a stream an event that says so", async () => {
    const late = new AbortController();
    const { before } = gate();
    const { chat } = await serve({ compute: fakeCompute({ before }), deadline: () => late.signal });
    const stream = await chat({ stream: true });
    const asked = chat();
    await new Promise(setImmediate);
    late.abort(new DOMException("", "TimeoutError"));
    const refused = await asked;
    expect([refused.status, (await errorOf(refused)).code]).toEqual([504, "deadline"]);
    const events = (await stream.text()).trim().split("\n\n");
    expect(errorBody.parse(JSON.parse(events.at(-1)?.slice(6) ?? "")).error.code).toBe("deadline");
  });

  it("one that stops takes nothing new, says so to who asks for its health, and ends what is left", async () => {
    const { before } = gate();
    const { chat, get, stop, over } = await serve({ compute: fakeCompute({ before }) });
    const asked = chat();
    await new Promise(setImmediate);
    stop.abort();
    const refused = await chat();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect((await get("/health")).status).toBe(503);
    over.abort(stopped());
    expect((await asked).status).toBe(503);
  });
});

describe("what is written down", () => {
  it("is a line a request with its id, and no text of anyone", async () => {
    const { chat, get, logged } = await serve();
    const secret = { messages: [{ role: "user", content: "my secret film" }], tagpr: { items: ITEMS } };
    const answer = await chat(secret, { headers: { ...HEADERS, "x-request-id": "mine-1" } });
    expect(answer.headers.get("x-request-id")).toBe("mine-1");
    await (await chat({ ...secret, stream: true })).text();
    await chat({ ...secret, model: "secret-model" });
    await get("/v1/secret");
    expect(logged).toMatchObject([
      { id: "mine-1", route: "/v1/chat/completions", status: 200, model: "nano", completion: expect.any(Number) },
      { status: 200, first_ms: expect.any(Number), completion: expect.any(Number) },
      { status: 404, code: "model_not_found" },
      { status: 404, code: "not_found" },
    ]);
    const text = JSON.stringify(logged);
    expect(text).not.toMatch(/secret|robots|comedy|a-token/);
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/tagpr_requests_total\{route="\/v1\/chat\/completions",status="200"\} 2/);
    expect(metrics).toMatch(/tagpr_tokens_total\{kind="completion"\} \d+/);
    expect(metrics).not.toMatch(/secret/);
  });

  it("a fault is the log's: the client is told its id and nothing else", async () => {
    const compute = fakeCompute({
      say: () => {
        throw new Error("at /home/ann/secret");
      },
    });
    const { chat, logged } = await serve({ compute });
    const answer = await chat();
    expect([answer.status, await answer.text()]).toMatchObject([500, expect.not.stringMatching(/secret/)]);
    expect(logged[0]).toMatchObject({ message: "fault", error: "Error" });
    expect(JSON.stringify(logged)).not.toMatch(/secret/);
  });
});

it("models, embeddings and the API's own description", async () => {
  const { get, post, app } = await serve();
  const models = modelList.parse(await (await get("/v1/models")).json());
  expect(models.data.map(({ id }) => id)).toEqual(["nano", "nano-base", "mini"]);
  const floats = await post("/v1/embeddings", { model: "mini", input: ["a b", "c"] });
  const body = embeddingsResponse.parse(await floats.json());
  expect(body).toMatchObject({ data: [{ embedding: [3, 0.5] }, { index: 1 }], usage: { prompt_tokens: 3 } });
  const packed = await (await post("/v1/embeddings", { input: "a b", encoding_format: "base64" })).json();
  expect(new Float32Array(Uint8Array.from(Buffer.from(packed.data[0].embedding, "base64")).buffer)).toEqual(
    new Float32Array([3, 0.5]),
  );
  for (const [bad, param] of [
    [{ input: [[1, 2]] }, "input"],
    [{ input: "x", dimensions: 3 }, "dimensions"],
    [{ input: "x", model: "other" }, "model"],
  ] as const)
    expect((await errorOf(await post("/v1/embeddings", bad))).param).toBe(param);
  const document = await (await get("/openapi.json")).json();
  const served = app.routes.filter(
    ({ method, path }) => method !== "ALL" && !path.includes("*") && !/^\/(?:$|page)/.test(path),
  );
  const described = Object.entries<object>(document.paths).flatMap(([path, calls]) =>
    Object.keys(calls).flatMap((call) => (call === "parameters" ? [] : `${call} ${path}`)),
  );
  const named = served.map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect(described.sort()).toEqual(named.filter((call) => call !== "get /openapi.json").sort());
  expect(document.components.schemas.ChatRequest.properties.frequency_penalty.description).toMatch(/Not served/);
  expect(CHAIN).toContain("comedy");
});
