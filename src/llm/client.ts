import { join } from "node:path";
import OpenAI from "openai";
import { z } from "zod";
import { hashJson } from "../core/run-dir.ts";
import { redact, withoutSecrets } from "../core/secrets.ts";
import { type Endpoint, type EndpointOptions, openEndpoint } from "./endpoint.ts";
import { fileStore, memoryStore } from "./store.ts";
import { withOpening } from "./think.ts";
import type { ChatModel, ChatRequest, ChatResult, Spent, Usage } from "./types.ts";

export interface ChatClientOptions extends EndpointOptions {
  /** Folder of the answers' cache, one file a role; absent: answers are kept for the process only. */
  readonly cacheDir?: string;
  /** What stands for the endpoint in the cache's keys; default the URL. A server on a changing port names itself. */
  readonly identity?: string;
  /** Dollars a million tokens. */
  readonly prices?: { readonly in: number; readonly out: number };
}

/** Enough of a chat completion; endpoints differ in the rest. */
const completion = z.object({
  choices: z.array(
    z.object({
      message: z.object({
        content: z.string().nullish(),
        reasoning_content: z.string().nullish(),
        reasoning: z.string().nullish(),
      }),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: z.object({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish(),
});
type Choice = z.output<typeof completion>["choices"][number];

/** What an endpoint was found to want otherwise than most. */
interface Quirks {
  maxCompletionTokens: boolean;
  answered: boolean;
}

/**
 * A chat model behind an OpenAI-compatible endpoint: answers, refusals of single requests too, are cached by the hash of their request, requests in flight
 * are limited, passing failures are tried again as Retry-After says, tokens and dollars are counted.
 */
export function makeChatClient(options: ChatClientOptions): ChatModel {
  const endpoint = openEndpoint(options);
  const cache = options.cacheDir
    ? fileStore<ChatResult>(join(options.cacheDir, `${options.role}.jsonl`))
    : memoryStore<ChatResult>();
  const identity = options.identity ?? withoutSecrets(options.url);
  const quirks: Quirks = { maxCompletionTokens: false, answered: false };
  const flying = new Map<string, Promise<ChatResult>>();
  const sums = { requests: 0, cached: 0, promptTokens: 0, completionTokens: 0 };

  const answer = async (request: ChatRequest): Promise<ChatResult> => {
    const key = hashJson({ identity, model: options.model, ...request });
    const flight = flying.get(key);
    let result = cache.get(key) ?? (flight && (await flight));
    if (result) {
      sums.cached++;
      quirks.answered = true; // it did, or nothing would be kept
    } else {
      sums.requests++;
      const asked = ask(endpoint, request, quirks);
      flying.set(key, asked);
      result = await asked.finally(() => flying.delete(key));
      cache.put(key, result);
    }
    sums.promptTokens += result.usage.promptTokens;
    sums.completionTokens += result.usage.completionTokens;
    return result;
  };
  const completeMany: ChatModel["completeMany"] = async (requests, onDone) => {
    const results = new Array<ChatResult>(requests.length);
    let done = 0;
    await endpoint.each(requests.length, async (i) => {
      results[i] = await answer(requests[i] as ChatRequest);
      onDone?.(++done);
    });
    return results;
  };
  return {
    name: `${options.model} at ${withoutSecrets(options.url)}`,
    completeMany,
    complete: async (request) => (await completeMany([request]))[0] as ChatResult,
    spent: () => ({ ...sums, dollars: dollars(sums, options.prices) }),
  };
}

function dollars(usage: Usage, prices: ChatClientOptions["prices"]): Spent["dollars"] {
  return prices ? (usage.promptTokens * prices.in + usage.completionTokens * prices.out) / 1e6 : 0;
}

/** Asks until there are n samples: many servers give one choice whatever n says. */
async function ask(endpoint: Endpoint, request: ChatRequest, quirks: Quirks): Promise<ChatResult> {
  const choices: Choice[] = [];
  let usage: Usage = { promptTokens: 0, completionTokens: 0 };
  while (choices.length < request.n) {
    const body = await send(endpoint, request, request.n - choices.length, choices.length, quirks);
    if (typeof body === "string") return { texts: [], truncated: [], usage, refused: body };
    if (body.choices.length === 0) throw new Error("an answer without choices");
    choices.push(...body.choices);
    usage = {
      promptTokens: usage.promptTokens + (body.usage?.prompt_tokens ?? 0),
      completionTokens: usage.completionTokens + (body.usage?.completion_tokens ?? 0),
    };
  }
  const kept = choices.slice(0, request.n);
  return { texts: kept.map(textOf), truncated: kept.map((choice) => choice.finish_reason === "length"), usage };
}

/** One HTTP request (and its retries). A string is the reason why this one request was refused. */
async function send(endpoint: Endpoint, request: ChatRequest, n: number, from: number, quirks: Quirks) {
  const limit = quirks.maxCompletionTokens
    ? { max_completion_tokens: request.maxTokens }
    : { max_tokens: request.maxTokens };
  try {
    const body = await endpoint.api.chat.completions.create({
      model: endpoint.name.model,
      messages: [...request.messages],
      temperature: request.temperature,
      ...(n > 1 ? { n } : {}),
      ...limit,
      ...(request.seed === undefined ? {} : { seed: request.seed + from }),
    });
    const read = completion.safeParse(body);
    if (!read.success) throw new Error(read.error.issues[0]?.message ?? "unreadable");
    quirks.answered = true;
    return read.data;
  } catch (error) {
    if (!(error instanceof OpenAI.APIError) || (error.status !== 400 && error.status !== 422)) throw error;
    if (!quirks.maxCompletionTokens && error.message.includes("max_completion_tokens")) {
      quirks.maxCompletionTokens = true;
      return send(endpoint, request, n, from, quirks);
    }
    // The endpoint answers others, so it is this request (too long, content policy) that it will not have.
    if (quirks.answered) return redact(error.message, endpoint.name.key).slice(0, 300);
    throw error;
  }
}

/** Reasoning models give their thoughts in a field of their own. */
function textOf({ message }: Choice): string {
  const content = message.content ?? "";
  const thoughts = message.reasoning_content ?? message.reasoning;
  return thoughts ? `<think>\n${thoughts.trim()}\n</think>\n\n${content.trim()}` : withOpening(content);
}
