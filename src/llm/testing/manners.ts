/**
 * How providers behave, by the model's name: each manner was seen in public reports of OpenAI-compatible endpoints. Pure data: the
 * server of `fake-endpoint.ts` and the in-process `fakeFetch` say it.
 */
export interface Asked {
  readonly model: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly input?: readonly string[];
  readonly n?: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}

/** What is said to one request. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as it stands. */
  readonly body?: unknown;
  /**
   * `cut`: half of the body, then the connection is broken; `silent`: headers and half of the body, then nothing;
   * `never`: nothing at all. Default: the whole answer.
   */
  readonly ending?: "cut" | "silent" | "never";
  /** Milliseconds before the headers. */
  readonly after?: number;
}

export const TEXT = "这篇文字中立地讲了一家店的菜、服务和价钱。";
/** A prompt with this word always gets a 500 from the manner `poison`. */
export const POISON = "POISON";

type Manner = (asked: Asked, nth: number) => Reply;

const usage = (completions: number) => ({ prompt_tokens: 5, completion_tokens: 5 * completions });

/** A whole answer of as many choices as were asked for. */
export function completion(asked: Asked, message: object = { content: TEXT }, finish = "stop"): Reply {
  const n = asked.n ?? 1;
  const choices = Array.from({ length: n }, (_, index) => ({
    index,
    message: { role: "assistant", ...message },
    finish_reason: finish,
  }));
  return { body: { id: "x", object: "chat.completion", choices, usage: usage(n) } };
}

const error = (status: number, message: string, more: object = {}, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: { error: { message, type: "invalid_request_error", param: null, code: null, ...more } },
});

const busy = (retryAfter: string, message = "Rate limit reached"): Reply =>
  error(429, message, {}, { "retry-after": retryAfter });
const httpDate = (seconds: number): string => new Date(Date.now() + 1000 * seconds).toUTCString();
const HTML: Reply = { headers: { "content-type": "text/html" }, body: "<!doctype html><html>login</html>" };
const promptOf = (asked: Asked): string => asked.messages?.map(({ content }) => content).join("\n") ?? "";
const thoughts = "想一想\n再想";

/** Fields that some services refuse. */
const REFUSING: Readonly<Record<string, Manner>> = {
  n1: (asked) => ((asked.n ?? 1) > 1 ? error(400, "n may be 1 at most here") : completion(asked)),
  temp: (asked) =>
    (asked.temperature ?? 1) !== 1
      ? error(400, "this model takes temperature 1 alone", { param: "temperature", code: "unsupported_value" })
      : completion(asked),
  seed: (asked) => (asked.seed === undefined ? completion(asked) : error(422, "seed is not a field of this service")),
  maxtokens: (asked) =>
    asked.max_tokens === undefined ? completion(asked) : error(400, "use 'max_completion_tokens' instead"),
  /** Wants nothing but the messages, and says so without a name. */
  plain: (asked) =>
    (asked.n ?? 1) > 1 || asked.temperature !== undefined || asked.seed !== undefined
      ? error(400, "unrecognized request argument supplied")
      : completion(asked),
  /** As pydantic says it. */
  pydantic: (asked) =>
    (asked.n ?? 1) > 1
      ? { status: 422, body: { detail: [{ loc: ["body", "n"], msg: "Input should be less than or equal to 1" }] } }
      : completion(asked),
  n500: (asked) => ((asked.n ?? 1) > 1 ? error(500, "Only one completion choice is allowed") : completion(asked)),
  streamonly: () => error(400, "thinking needs a streamed call"),
  ctx: () => error(400, "too long: 8192 tokens fit", { code: "context_length_exceeded" }),
  toolong: (asked, nth) =>
    nth === 3 ? error(400, "too long: 8192 tokens fit", { code: "context_length_exceeded" }) : completion(asked),
  filter: (asked, nth) =>
    nth === 1 ? error(400, "The response was filtered", { code: "content_filter" }) : completion(asked),
  wrongkey: () => error(401, "Incorrect API key provided"),
  nomodel: () => error(404, "The model does not exist"),
};

/** Forms that the samples come in. */
const FORMS: Readonly<Record<string, Manner>> = {
  list: (asked) =>
    completion(asked, {
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "想一想" }] },
        { type: "text", text: TEXT },
      ],
    }),
  reasoning: (asked) => completion(asked, { content: TEXT, reasoning_content: thoughts }),
  noopen: (asked) => completion(asked, { content: `想一想\n</think>\n\n${TEXT}` }),
  think: (asked) => completion(asked, { content: `<think>\n想一想\n</think>\n\n${TEXT}` }),
  onlyreasoning: (asked) => completion(asked, { content: null, reasoning_content: "想一想" }, "length"),
  refusal: (asked) => completion(asked, { content: null, refusal: "no" }, "content_filter"),
  /** One choice, whatever n says. */
  ignoren: (asked) => completion({ ...asked, n: 1 }),
  usagefloat: (asked) => ({
    body: { ...(completion(asked).body as object), usage: { prompt_tokens: 1.5, completion_tokens: "many" } },
  }),
  bom: (asked) => ({ body: `\uFEFF${JSON.stringify(completion(asked).body)}` }),
};

/** A 200 that is no answer. */
const BROKEN: Readonly<Record<string, Manner>> = {
  err200: () => ({ body: { error: { message: "the provider behind failed", code: 502 } } }),
  nullerr: () => ({ body: { id: "x", choices: null, error: { message: "too much load upstream" } } }),
  html: () => HTML,
  half: () => ({ body: '{"choices": [{"message": {"con' }),
  cut: (asked) => ({ ...completion(asked), ending: "cut" }),
  empty: () => ({ body: { choices: [] } }),
  nomessage: () => ({ body: { choices: [{ index: 0, finish_reason: "stop" }] } }),
  silent: (asked) => ({ ...completion(asked), ending: "silent" }),
  never: () => ({ ending: "never" }),
  /** Each of the above once in a while, between good answers. */
  flaky200: (asked, nth) => {
    const odd = ["half", "html", "empty", "nomessage", "cut", "err200"];
    const broken = nth % 3 === 0 ? BROKEN[odd[(nth / 3) % odd.length] ?? ""] : undefined;
    return broken === undefined ? completion(asked) : broken(asked, nth);
  },
};

/** Services that fail, or have too much to do. */
const FAILING: Readonly<Record<string, Manner>> = {
  down: () => ({ status: 500, body: { error: { message: "out of memory" } } }),
  poison: (asked) => (promptOf(asked).includes(POISON) ? error(500, "worker died") : completion(asked)),
  /** The third request fails for good, in single calls: the third sample. */
  third500: (asked, nth) => (nth >= 3 ? error(500, "worker died") : completion({ ...asked, n: 1 })),
  mid400: (asked, nth) => (nth >= 3 ? error(400, "flagged") : completion({ ...asked, n: 1 })),
  /** Three seconds a request. */
  slow: (asked) => ({ ...completion(asked), after: 3000 }),
  flaky503: (asked, nth) => (nth % 2 === 1 ? { status: 503, body: "no connection upstream" } : completion(asked)),
  ra: (asked, nth) => (nth === 1 ? busy("8") : completion(asked)),
  radate: (asked, nth) => (nth <= 2 ? busy(httpDate(5)) : completion(asked)),
  rapast: () => busy(httpDate(-5)),
  raabsurd: () => busy("99999999999"),
  raword: () => busy("soon"),
  quota: () => busy("3600", "today's tokens are used up; again in an hour"),
  insufficient: () => error(429, "the account has no money left", { code: "insufficient_quota" }),
  /** To this very server by another name: another origin. */
  redirect: () => ({ status: 307, headers: { location: "http://elsewhere.test/v1/chat/completions?key=hidden" } }),
};

export const MANNERS: Readonly<Record<string, Manner>> = { ...REFUSING, ...FORMS, ...BROKEN, ...FAILING };

/** Vectors of two letters' counts, and the ways in which a provider can get them wrong. */
function embeddings(asked: Asked): Reply {
  const data = (asked.input ?? []).map((text, index) => ({
    index,
    embedding: [text.length, text.split("a").length - 1, 1],
  }));
  const last = data.at(-1);
  if (asked.model === "fewer") data.pop();
  if (asked.model === "widths" && last) last.embedding = [1];
  const body = JSON.stringify({ data, usage: { prompt_tokens: data.length } });
  if (asked.model === "infinite") return { body: body.replace(/\[\d+/, "[1e999") };
  return { body: asked.model === "nulls" ? body.replace(/\[\d+/, "[null") : body };
}

/** What the model that is asked for says to its `nth` request (from 1). Any other name answers as most do. */
export function replyTo(asked: Asked, nth: number): Reply {
  const manner = MANNERS[asked.model];
  if (manner !== undefined) return manner(asked, nth);
  return asked.input === undefined ? completion(asked) : embeddings(asked);
}
