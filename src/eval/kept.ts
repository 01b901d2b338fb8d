import { TagprError } from "../core/errors.ts";
import { hashJson } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import type { SamplingClient } from "../engine/types.ts";
import type { Store } from "../llm/store.ts";
import { type Codec, toCompletion } from "../prompts/generate.ts";
import type { Ask, Drawn } from "./types.ts";

export interface KeptOptions {
  /** Opened when something is asked that isn't kept. */
  readonly open: () => Promise<SamplingClient>;
  readonly codec: Pick<Codec, "decode" | "eosIds">;
  /** What the weights are known by: their content, or who made them. */
  readonly identity: unknown;
  /** One line a unit of the engine: a kill leaves all of a unit or nothing, so that what is asked again is asked as it was. */
  readonly store: Store<Readonly<Record<string, readonly Drawn[]>>>;
  readonly maxTokens: number;
}

/**
 * A sampler that asks nothing twice. Answers are kept by what they hang on: weights, prompt, decoding and seed. Requests of
 * one call that are equal are asked once; what is left goes to the engine as one ordered unit.
 */
export function keptSampler(options: KeptOptions): (asks: readonly Ask[]) => Promise<Drawn[][]> {
  const { store, identity, maxTokens } = options;
  const known = new Map<string, readonly Drawn[]>();
  for (const unit of store.values()) for (const [key, drawn] of Object.entries(unit)) known.set(key, drawn);
  return async (asks) => {
    const wanted = asks.map((ask) => settled(ask, maxTokens));
    const keys = wanted.map((ask) => hashJson({ identity, ...ask }));
    const missing = new Map<string, Settled>();
    for (const [key, ask] of zipStrict(keys, wanted)) if (!known.has(key)) missing.set(key, ask);
    if (missing.size > 0) {
      const unit = Object.fromEntries(zipStrict([...missing.keys()], await drawn(options, [...missing.values()])));
      store.put(hashJson([...missing.keys()]), unit);
      for (const [key, answers] of Object.entries(unit)) known.set(key, answers);
    }
    return keys.map((key) => [...(known.get(key) ?? [])]);
  };
}

/** A prompt, and what is asked how likely it is behind it. */
export interface Scored {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

/** As {@link keptSampler}, of how likely completions are: the sum of the nats of each one's tokens. */
export function keptScores(
  options: Pick<KeptOptions, "open" | "identity"> & { readonly store: Store<Readonly<Record<string, number>>> },
): (asks: readonly Scored[]) => Promise<number[]> {
  const { open, identity, store } = options;
  const known = new Map<string, number>();
  for (const unit of store.values()) for (const [key, nats] of Object.entries(unit)) known.set(key, nats);
  return async (asks) => {
    const keys = asks.map((ask) => hashJson({ identity, ...ask }));
    const missing = new Map(zipStrict(keys, asks).filter(([key]) => !known.has(key)));
    if (missing.size > 0) {
      const unit = Object.fromEntries(
        zipStrict([...missing.keys()], await scored(await open(), [...missing.values()])),
      );
      store.put(hashJson([...missing.keys()]), unit);
      for (const [key, nats] of Object.entries(unit)) known.set(key, nats);
    }
    return keys.map((key) => known.get(key) ?? Number.NaN);
  };
}

async function scored(sampler: SamplingClient, asks: readonly Scored[]): Promise<number[]> {
  if (sampler.logprobs === undefined)
    throw new TagprError("engine", "this engine does not say how likely a given answer is", {
      hint: "Leave eval.causal.methods empty, or use the embedded engine.",
    });
  const found = await sampler.logprobs(asks.map(({ prompt, completion }) => [...prompt, ...completion]));
  return zipStrict(asks, found).map(([{ prompt }, nats]) =>
    nats.subarray(prompt.length).reduce((sum, value) => sum + value, 0),
  );
}

type Settled = Required<Omit<Ask, "soft">> & Pick<Ask, "soft">;

/** A greedy answer hangs on no seed. */
function settled({ prompt, soft, seed, n = 1, temperature = 0, topP = 1, ...rest }: Ask, most: number): Settled {
  const { maxTokens = most } = rest;
  const vectors = soft === undefined ? {} : { soft: soft.map((row) => Array.from(row)) };
  return { prompt, n, temperature, topP, seed: temperature === 0 ? 0 : seed, maxTokens, ...vectors };
}

async function drawn({ open, codec }: KeptOptions, asks: readonly Settled[]): Promise<Drawn[][]> {
  const sampler = await open();
  const groups = await sampler.sample(
    asks.map(({ prompt, soft, n, seed, temperature, topP, maxTokens }) => ({
      ...{ prompt, numSamples: n, seed, ...(soft === undefined ? {} : { soft }) },
      params: { maxTokens, temperature, ...(topP === 1 ? {} : { topP }), stop: codec.eosIds },
    })),
  );
  return zipStrict(asks, groups).map(([{ n }, group]) => {
    if (group.length !== n)
      throw new TagprError("engine", `the sampler gave ${group.length} responses where ${n} were asked for`);
    return group.map((sequence) => {
      const { text, tokens, truncated } = toCompletion(sequence, codec, "");
      return { text, tokens: tokens.length, truncated };
    });
  });
}
