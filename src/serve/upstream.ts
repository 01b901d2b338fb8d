import { z } from "zod";
import { messageOf, TagprError } from "../core/errors.ts";
import { seedOf } from "../core/random.ts";
import { redact, withoutSecrets } from "../core/secrets.ts";
import type { Fetch } from "../engine/transport.ts";
import { bodyOf, clipped, sentenceOf } from "../llm/sentence.ts";
import type { Compute, ComputeRequest, Delta } from "./compute.ts";
import { merged } from "./merged.ts";
import { serverEvents } from "./server-events.ts";

/** A server of OpenAI's completions that holds an exported folder: vLLM, SGLang, llama.cpp's. */
export interface Upstream {
  /** `http://127.0.0.1:8000/v1`; `/v1` may be left out. */
  readonly url: string;
  /** By which name the server knows the model; left out, the one that it serves. */
  readonly model?: string;
  /** "" where the server wants none. */
  readonly key: string;
  /** The environment variable that the key comes from, for messages. */
  readonly keyName: string;
  readonly fetch: Fetch;
}

const modelsSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });
const eventSchema = z.looseObject({
  error: z.unknown().optional(),
  choices: z.array(z.looseObject({ text: z.string().nullish(), finish_reason: z.string().nullish() })).default([]),
  usage: z.looseObject({ completion_tokens: z.int() }).nullish(),
});

/**
 * Asks the server which models it has, and completes with one of them. Prompts travel as token ids, so that what a user
 * writes never becomes a control token of the chat. Each choice is a request of its own, with a seed of its own: not every
 * server honours `n`, and all of these share the prompt's computation.
 * @throws TagprError where the server can't be reached, or serves several models and none is named
 */
export async function upstreamCompute(upstream: Upstream): Promise<Compute> {
  const at = { ...upstream, url: rootOf(upstream.url) };
  const model = await modelOf(at);
  return {
    complete: async function* (request, signal): AsyncGenerator<Delta> {
      const gone = new AbortController();
      const either = AbortSignal.any([signal, gone.signal]);
      const choices = Array.from({ length: request.n }, (_, i) => complete(at, model, request, i, either));
      yield* merged(choices, () => gone.abort());
    },
    close: async () => {},
  };
}

async function* complete(
  at: Upstream,
  model: string,
  { prompt, maxTokens, temperature, topP, seed, cacheSalt }: ComputeRequest,
  choice: number,
  signal: AbortSignal,
): AsyncGenerator<Delta> {
  const body = {
    ...{ model, prompt, max_tokens: maxTokens, temperature, top_p: topP, seed: seedOf(seed, choice) },
    ...{ stream: true, stream_options: { include_usage: true } },
    ...PLAIN,
    ...(cacheSalt === undefined ? {} : { cache_salt: cacheSalt }),
  };
  const reply = await ask(at, "completions", signal, body);
  let finish: Delta["finish"] = null;
  let pieces = 0;
  let tokens: number | undefined;
  try {
    for await (const event of serverEvents(reply)) {
      const { error, choices, usage } = eventSchema.parse(JSON.parse(event));
      if (error !== undefined && error !== null) throw failed(at, sentenceOf(event));
      tokens = usage?.completion_tokens ?? tokens;
      for (const { text, finish_reason: reason } of choices) {
        pieces += text ? 1 : 0;
        if (reason === "abort" || reason === "error") throw failed(at, `it gave the request up (${reason})`);
        if (reason) finish = reason === "length" ? "length" : "stop";
        if (text) yield { choice, text, tokens: 0, finish: null };
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TagprError) throw error;
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      throw failed(at, "what it streams are no completions of OpenAI's API");
    throw failed(at, `the answer was cut: ${messageOf(error)}`);
  }
  if (finish === null) throw failed(at, "the answer ended before it was whole");
  // Usage comes last, and a piece may be several tokens: how many there were is known at the end.
  yield { choice, text: "", tokens: tokens ?? pieces, finish };
}

/** What these servers would else do of their own accord, or as the model's generation_config.json says. */
const PLAIN = { top_k: -1, min_p: 0, repetition_penalty: 1 } as const;

function rootOf(url: string): string {
  let end = url.length;
  while (url.endsWith("/", end)) end--;
  return `${url.slice(0, end).replace(/\/v1$/, "")}/v1`;
}

async function modelOf(at: Upstream): Promise<string> {
  const reply = await ask(at, "models", AbortSignal.timeout(START_MS));
  const found = modelsSchema.safeParse(bodyOf(await textOf(reply)));
  const served = found.success ? found.data.data.map(({ id }) => id) : [];
  const [first, ...others] = served;
  if (at.model !== undefined && served.includes(at.model)) return at.model;
  if (at.model === undefined && first !== undefined && others.length === 0) return first;
  const list = served.length === 0 ? "none" : served.slice(0, 8).join(", ");
  throw new TagprError(
    "usage",
    at.model === undefined
      ? `the server at ${withoutSecrets(at.url)} serves ${served.length} models`
      : `the server at ${withoutSecrets(at.url)} does not serve ${at.model}`,
    { hint: `Name one with --upstream-model; it serves: ${list}.` },
  );
}

/** The server is there and only has to say which model it holds. */
const START_MS = 30_000;

type Answer = Awaited<ReturnType<Fetch>>;

const textOf = async (reply: Answer): Promise<string> => new TextDecoder().decode(await reply.arrayBuffer());

/** A good answer, its body still to be read. */
async function ask(at: Upstream, path: string, signal: AbortSignal, body?: object): Promise<Answer> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (at.key !== "") headers.authorization = `Bearer ${at.key}`;
  const init = { headers, signal, ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }) };
  const reply = await at.fetch(`${at.url}/${path}`, init).catch((error: unknown) => {
    signal.throwIfAborted();
    throw unreachable(at, error);
  });
  if (reply.status < 400) return reply;
  const said = clipped(redact(sentenceOf(await textOf(reply)), at.key));
  if (reply.status === 401 || reply.status === 403)
    throw new TagprError("engine", `the server at ${withoutSecrets(at.url)} takes no requests with this key: ${said}`, {
      hint: `Put the key into ${at.keyName}, or name another variable with --upstream-key-env.`,
    });
  if (reply.status === 429 || reply.status >= 500)
    throw new TagprError("engine_lost", `the server at ${withoutSecrets(at.url)} can't answer now: ${said}`);
  throw failed(at, said);
}

const failed = (at: Upstream, said: string): TagprError =>
  new TagprError("engine", `the server at ${withoutSecrets(at.url)} failed: ${clipped(redact(said, at.key))}`);

function unreachable(at: Upstream, error: unknown): TagprError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new TagprError(
    "engine_lost",
    `the server at ${withoutSecrets(at.url)} can't be reached: ${redact(messageOf(cause), at.key)}`,
    { hint: "Check that it runs, and --upstream.", cause: error },
  );
}
