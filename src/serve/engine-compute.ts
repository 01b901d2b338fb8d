import type { SamplingClient } from "../engine/types.ts";
import { type Codec, generate } from "../prompts/generate.ts";
import type { Compute, Delta } from "./compute.ts";

/** The engine's ordinary sampling: each choice comes whole, in one delta. The sampler is the caller's to close. */
export function engineCompute(sampler: SamplingClient, codec: Codec): Compute {
  return {
    complete: async function* ({ prompt, n, maxTokens, temperature, topP, seed }, signal): AsyncGenerator<Delta> {
      signal.throwIfAborted();
      const options = { n, maxTokens, temperature, topP, seeds: [seed] };
      const [choices = []] = await unlessAborted(generate(sampler, codec, [prompt], options), signal);
      for (const [choice, { text, tokens, truncated }] of choices.entries())
        yield { choice, text, tokens: tokens.length, finish: truncated ? "length" : "stop" };
    },
    close: async () => {},
  };
}

/** Stops waiting, not the work: this engine call can't be taken back. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
