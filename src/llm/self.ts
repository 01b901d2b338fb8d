import { seedOf } from "../core/random.ts";
import { hashJson } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import type { SampleRequest, SamplingClient, Sequence } from "../engine/types.ts";
import { memoryStore, type Store } from "./store.ts";
import { wholeSentences, withOpening } from "./think.ts";
import type { ChatMessage, ChatModel, ChatRequest, ChatResult } from "./types.ts";

/** Text to tokens and back for the sampled model. */
export interface ChatCodec {
  /** The rendered chat up to the model's turn, thinking on, followed by `begun`: the part of its turn already said. */
  prompt(messages: readonly ChatMessage[], begun: string): readonly number[];
  /** Without special tokens. */
  decode(tokens: readonly number[]): string;
  /** Tokens that end a turn. */
  readonly eosIds: readonly number[];
}

export interface SelfTeacherOptions {
  readonly name: string;
  /** What stands for the weights, the tokenizer and the dtype in the keys of finished units. */
  readonly identity?: unknown;
  readonly sampler: SamplingClient;
  readonly codec: ChatCodec;
  readonly seed: number;
  /** Requests handed to the engine as one ordered unit. */
  readonly batch?: number;
  /** Finished units, so that a killed run goes on after the last one; key them to a file of the run. */
  readonly store?: Store<ChatResult[]>;
  /**
   * For models that never learnt to open and close `<think>`: the markers are said for them. Thoughts are cut after
   * `thoughts` tokens at the end of a sentence, then an answer of at most `answer` tokens is sampled.
   */
  readonly forced?: { readonly thoughts: number; readonly answer: number };
}

/**
 * The engine's own model as a teacher (self-taught chains): prompts go out in ordered units of many, with seeds that
 * depend on the request alone, so a resumed run gets the very same samples.
 */
export function selfTeacher(options: SelfTeacherOptions): ChatModel {
  const { batch = 64, store = memoryStore<ChatResult[]>() } = options;
  const sums = { requests: 0, cached: 0, failed: 0, unusable: 0, promptTokens: 0, completionTokens: 0, dollars: 0 };

  const completeMany: ChatModel["completeMany"] = async (requests, onDone) => {
    const results: ChatResult[] = [];
    for (let from = 0; from < requests.length; from += batch) {
      const unit = requests.slice(from, from + batch);
      const key = hashJson({
        name: options.name,
        identity: options.identity ?? null,
        seed: options.seed,
        forced: options.forced ?? null,
        unit,
      });
      const known = store.get(key);
      const answers = known ?? (await (options.forced ? sampleForced : samplePlain)(options, unit));
      if (!known) store.put(key, answers);
      sums[known ? "cached" : "requests"] += unit.length;
      for (const { usage } of answers) {
        sums.promptTokens += usage.promptTokens;
        sums.completionTokens += usage.completionTokens;
      }
      results.push(...answers);
      onDone?.(results.length);
    }
    return results;
  };
  return {
    name: options.name,
    completeMany,
    complete: async (request) => (await completeMany([request]))[0] as ChatResult,
    spent: () => ({ ...sums }),
  };
}

async function samplePlain(options: SelfTeacherOptions, unit: readonly ChatRequest[]): Promise<ChatResult[]> {
  const asked = unit.map((request) => sampleRequest(options, request, "", request.maxTokens, "whole"));
  const sampled = await options.sampler.sample(asked);
  return zipStrict(asked, sampled).map(([{ prompt }, sequences]) => ({
    texts: sequences.map((sequence) => withOpening(options.codec.decode(sequence.tokens))),
    truncated: sequences.map((sequence) => sequence.stopReason === "length"),
    usage: { promptTokens: prompt.length, completionTokens: tokensOf(sequences) },
  }));
}

function sampleRequest(
  options: SelfTeacherOptions,
  request: ChatRequest,
  begun: string,
  maxTokens: number,
  part: string,
): SampleRequest {
  return {
    prompt: options.codec.prompt(request.messages, begun),
    numSamples: request.n,
    seed: seedOf(options.seed, "self-teacher", part, hashJson(request)),
    params: { maxTokens, temperature: request.temperature, stop: options.codec.eosIds },
  };
}

const tokensOf = (sequences: readonly Sequence[]): number =>
  sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);

const OPEN = "<think>\n";
const CLOSE = "\n</think>\n\n";

/** Thoughts first, all requests at once; then one answer to each of them, all at once. */
async function sampleForced(options: SelfTeacherOptions, unit: readonly ChatRequest[]): Promise<ChatResult[]> {
  const { codec, sampler, forced = { thoughts: 0, answer: 0 } } = options;
  const asked = unit.map((request) => sampleRequest(options, request, OPEN, forced.thoughts, "thoughts"));
  const thoughts = await sampler.sample(asked);
  const begun = zipStrict(unit, thoughts).flatMap(([request, sequences]) =>
    sequences.map((sequence, i) => ({
      request,
      i,
      text: OPEN + wholeSentences(codec.decode(sequence.tokens)) + CLOSE,
    })),
  );
  const answers = await sampler.sample(
    begun.map(({ request, i, text }) =>
      sampleRequest(options, { ...request, n: 1 }, text, forced.answer, `answer ${i}`),
    ),
  );
  let at = 0;
  return zipStrict(asked, thoughts).map(([{ prompt }, sequences]) => {
    const own = answers.slice(at, at + sequences.length).flat();
    const said = begun.slice(at, at + sequences.length);
    at += sequences.length;
    return {
      texts: zipStrict(said, own).map(([{ text }, answer]) => text + firstLine(codec.decode(answer.tokens))),
      truncated: own.map(() => false),
      usage: { promptTokens: prompt.length, completionTokens: tokensOf(sequences) + tokensOf(own) },
    };
  });
}

/** A model that would ramble on after its answer is held to the first line of it. */
const firstLine = (text: string): string => text.trim().split("\n")[0]?.trim() ?? "";
