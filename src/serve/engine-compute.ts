import type { SampleRequest, SamplingClient, StreamedTokens } from "../engine/types.ts";
import type { Codec } from "../prompts/generate.ts";
import type { Compute, Delta } from "./compute.ts";
import { textStream } from "./text-stream.ts";

/**
 * The engine's token streams as text: requests that come together are sampled as one batch there, and one that is aborted is
 * freed between two tokens. An engine that can't stream answers each choice whole. The sampler is the caller's to close.
 */
export function engineCompute(sampler: SamplingClient, codec: Codec): Compute {
  const ends = new Set(codec.eosIds);
  return {
    complete: async function* ({ prompt, n, maxTokens, temperature, topP, seed }, signal): AsyncGenerator<Delta> {
      signal.throwIfAborted();
      const params = { maxTokens, temperature, topP, stop: codec.eosIds };
      const request = { prompt, numSamples: n, seed, params };
      const texts = Array.from({ length: n }, () => textStream(codec));
      for await (const { sample, tokens, finish } of sampler.stream?.(request, signal) ??
        whole(sampler, request, signal)) {
        const text = texts[sample];
        if (text === undefined) continue;
        const said = text.push(tokens.filter((token) => !ends.has(token)));
        yield { choice: sample, text: finish === null ? said : said + text.end(), tokens: tokens.length, finish };
      }
    },
    close: async () => {},
  };
}

async function* whole(
  sampler: SamplingClient,
  request: SampleRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamedTokens> {
  const [samples = []] = await unlessAborted(sampler.sample([request]), signal);
  for (const [sample, { tokens, stopReason: finish }] of samples.entries()) yield { sample, tokens, finish };
}

/** Stops waiting, not the work: such a call can't be taken back. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
