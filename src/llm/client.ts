import { join } from "node:path";
import { hashJson } from "../core/run-dir.ts";
import { withoutSecrets } from "../core/secrets.ts";
import { type EndpointOptions, openEndpoint } from "./endpoint.ts";
import { type Ending, endpointError, saidOf, whoIs } from "./errors.ts";
import { askSamples, type Learnt } from "./samples.ts";
import { fileStore, memoryStore } from "./store.ts";
import type { ChatModel, ChatRequest, ChatResult, Spent, Usage } from "./types.ts";

export interface ChatClientOptions extends EndpointOptions {
  /** Folder of the answers' cache, one file a role; absent: answers are kept for the process only. */
  readonly cacheDir?: string;
  /** What stands for the endpoint in the cache's keys; default the URL. A server on a changing port names itself. */
  readonly identity?: string;
  /** Dollars a million tokens. */
  readonly prices?: { readonly in: number; readonly out: number };
}

/** What a request came to, and what it ended in where that is not an answer. */
interface Outcome {
  readonly result: ChatResult;
  readonly end?: Ending;
}

/**
 * A chat model behind an OpenAI-compatible endpoint. Every sample is kept as it comes, by the hash of its request; so are refusals
 * of single requests. A request that ends badly is that request's outcome, unless it is the endpoint that fails
 * (`Endpoint.settle`); what has no answer is not kept, and asked again another time. Tokens and dollars count each paid
 * answer once.
 */
export function makeChatClient(options: ChatClientOptions): ChatModel {
  const endpoint = openEndpoint(options);
  const { name, tally } = endpoint;
  // Parts of an answer stand under the hash of the request, those after the first with the number of the first sample in them.
  const kept = options.cacheDir
    ? fileStore<ChatResult>(join(options.cacheDir, `${options.role}.jsonl`))
    : memoryStore<ChatResult>();
  const identity = options.identity ?? withoutSecrets(options.url);
  const learnt: Learnt = { leftOut: new Set(), taken: new Set() };
  const known = new Map<string, Promise<Outcome>>();
  const sums = { cached: 0, failed: 0, promptTokens: 0, completionTokens: 0 };

  const outcomeOf = async (request: ChatRequest, key: string): Promise<Outcome> => {
    const parts: ChatResult[] = [];
    let from = 0;
    const add = (part: ChatResult): void => {
      sums.promptTokens += part.usage.promptTokens;
      sums.completionTokens += part.usage.completionTokens;
      parts.push(part);
      from += part.texts.length;
    };
    let fresh = false;
    while (from < request.n && parts.at(-1)?.texts.length !== 0) {
      const partKey = from === 0 ? key : `${key}/${from}`;
      const before = kept.get(partKey);
      if (isResult(before)) {
        endpoint.worked = true; // it did, or nothing would be kept
        add(before);
        continue;
      }
      fresh = true;
      const keep = (part: ChatResult): void => kept.put(partKey, part);
      const asked = await askSamples(endpoint, learnt, request, { n: request.n - from, from, keep });
      if ("value" in asked) {
        add(asked.value);
        options.flights?.paid(dollars(asked.value.usage, options.prices));
      } else return ended(parts, asked.end, partKey);
    }
    if (!fresh) sums.cached++;
    return { result: joined(parts) };
  };
  const ended = (parts: readonly ChatResult[], end: Ending, partKey: string): Outcome => {
    endpoint.settle(end);
    const said = saidOf(name, end);
    const result = joined(parts);
    if (end.kind !== "refused") {
      sums.failed++;
      return { result: { ...result, failed: said }, end };
    }
    // Whether it is the request, or all of them, is only known of an endpoint that answers.
    if (endpoint.worked || end.why === "content")
      kept.put(partKey, { texts: [], truncated: [], usage: { promptTokens: 0, completionTokens: 0 }, refused: said });
    return { result: { ...result, refused: said }, end };
  };
  const answer = (request: ChatRequest): Promise<Outcome> => {
    const key = hashJson({ identity, model: options.model, ...request });
    const before = known.get(key);
    if (before) sums.cached++;
    const outcome = before ?? outcomeOf(request, key);
    known.set(key, outcome);
    outcome.catch(() => known.delete(key));
    return outcome;
  };
  const completeMany: ChatModel["completeMany"] = async (requests, onDone) => {
    const outcomes = new Array<Outcome>(requests.length);
    let done = 0;
    await endpoint.each(requests.length, async (i) => {
      outcomes[i] = await answer(requests[i] as ChatRequest);
      onDone?.(++done);
    });
    const ends = outcomes.flatMap(({ end }) => end ?? []);
    const last = ends.findLast((end) => end.kind !== "refused" || end.why === null);
    if (last && !endpoint.worked) throw endpointError(name, last, false);
    if (ends.length > 0) endpoint.say(badEnds(ends, requests.length));
    return outcomes.map(({ result }) => result);
  };
  const badEnds = (ends: readonly Ending[], n: number): string =>
    `${whoIs(name)}: ${ends.length} of ${n} requests got no whole answer, and are counted so; one of them: ${saidOf(name, ends[0] as Ending)}`;
  return {
    name: `${options.model} at ${withoutSecrets(options.url)}`,
    completeMany,
    complete: async (request) => (await completeMany([request]))[0] as ChatResult,
    spent: () => ({ ...sums, requests: tally.sent, unusable: tally.unusable, dollars: dollars(sums, options.prices) }),
  };
}

/** Whether a kept value is what a client keeps: files can be edited. */
function isResult(value: ChatResult | undefined): value is ChatResult {
  const { texts, truncated, usage } = value ?? {};
  const ofOnes = (list: unknown, type: string) => Array.isArray(list) && list.every((one) => typeof one === type);
  const counted = Number.isFinite(usage?.promptTokens) && Number.isFinite(usage?.completionTokens);
  return ofOnes(texts, "string") && ofOnes(truncated, "boolean") && texts?.length === truncated?.length && counted;
}

function dollars(usage: Usage, prices: ChatClientOptions["prices"]): Spent["dollars"] {
  return prices ? (usage.promptTokens * prices.in + usage.completionTokens * prices.out) / 1e6 : 0;
}

/** The parts of an answer as one; refused only where no part is more than a refusal. */
function joined(parts: readonly ChatResult[]): ChatResult {
  const last = parts.at(-1);
  const refused =
    last?.texts.length === 0 || parts.every((part) => part.refused !== undefined) ? last?.refused : undefined;
  return {
    texts: parts.flatMap(({ texts }) => texts),
    truncated: parts.flatMap(({ truncated }) => truncated),
    usage: {
      promptTokens: parts.reduce((sum, { usage }) => sum + usage.promptTokens, 0),
      completionTokens: parts.reduce((sum, { usage }) => sum + usage.completionTokens, 0),
    },
    ...(refused === undefined ? {} : { refused }),
  };
}
