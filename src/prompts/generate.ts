import { TagprError } from "../core/errors.ts";
import type { SamplingClient, Sequence } from "../engine/types.ts";

/** What reading and writing tokens needs; a `Renderer` is one. */
export interface Codec {
  encode(text: string): readonly number[];
  /** Special tokens are left out. */
  decode(tokens: readonly number[]): string;
  /** Tokens that end a turn; the first is the chat template's own. */
  readonly eosIds: readonly number[];
}

/** One generated completion. */
export interface Completion {
  /** Without the end-of-turn token. */
  readonly text: string;
  /** As sampled, the end-of-turn token included where there is one. Never empty. */
  readonly tokens: readonly number[];
  /** Nats a token, the sampler's own. */
  readonly logprobs: readonly number[];
  /** Stopped by the cut-off, not by itself. */
  readonly truncated: boolean;
}

export interface GenerateOptions {
  /** Responses a prompt. */
  readonly n: number;
  readonly maxTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  readonly topP?: number;
  /** One a prompt (see `seedOf`), so that a result doesn't depend on what else is in the batch. */
  readonly seeds: readonly number[];
  /** What the chat template already wrote of the response (`Renderer.responsePrefix`), put before each text. */
  readonly prefix?: string;
}

/** Samples `n` completions of each prompt as one ordered unit; `result[i][k]` belongs to `prompts[i]`. */
export async function generate(
  sampler: SamplingClient,
  codec: Codec,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Completion[][]> {
  if (options.seeds.length !== prompts.length)
    throw new TagprError("internal", `generate: ${options.seeds.length} seeds for ${prompts.length} prompts`);
  if (prompts.length === 0) return [];
  const params = {
    maxTokens: options.maxTokens,
    temperature: options.temperature,
    ...(options.topP === undefined ? {} : { topP: options.topP }),
    stop: codec.eosIds,
  };
  const groups = await sampler.sample(
    prompts.map((prompt, i) => ({ prompt, numSamples: options.n, seed: options.seeds[i] ?? 0, params })),
  );
  return groups.map((group) => group.map((sequence) => toCompletion(sequence, codec, options.prefix ?? "")));
}

/** A sequence as a completion. @throws TagprError `engine` where its tokens and log-probs don't match */
export function toCompletion(sequence: Sequence, codec: Pick<Codec, "decode" | "eosIds">, prefix: string): Completion {
  const { tokens, logprobs } = sequence;
  if (tokens.length === 0 || tokens.length !== logprobs.length)
    throw new TagprError("engine", `the sampler answered ${tokens.length} tokens with ${logprobs.length} log-probs`, {
      hint: "The engine does not follow the protocol; check its version.",
    });
  const end = tokens.length - (codec.eosIds.includes(tokens.at(-1) ?? -1) ? 1 : 0);
  const text = prefix + codec.decode(tokens.slice(0, end));
  return { text, tokens, logprobs, truncated: sequence.stopReason === "length" };
}

/** The tokens of a response that the model is to learn or to score: without the template's prefix, with the end of turn. */
export function responseTokens(codec: Codec, text: string, prefix = ""): number[] {
  const eos = codec.eosIds[0];
  if (eos === undefined)
    throw new TagprError("data", "the tokenizer names no end-of-turn token", {
      hint: "Add eos_token_id to its config.",
    });
  const own = prefix !== "" && text.startsWith(prefix) ? text.slice(prefix.length) : text;
  return [...codec.encode(own), eos];
}
