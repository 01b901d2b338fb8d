import { TagprError } from "../core/errors.ts";
import type { Datum, Tensor } from "../engine/types.ts";

/** Prompt and completion as the protocol wants them: the model reads all but the last token, position i predicts target i. */
export function shifted(
  prompt: readonly number[],
  completion: readonly number[],
): { readonly tokens: number[]; readonly target: number[]; readonly start: number } {
  if (prompt.length === 0 || completion.length === 0)
    throw new TagprError("internal", `a datum of ${prompt.length} prompt and ${completion.length} completion tokens`);
  const all = [...prompt, ...completion];
  return { tokens: all.slice(0, -1), target: all.slice(1), start: prompt.length - 1 };
}

/** A tensor that is 0 over the prompt and `values` over the completion. */
export function overCompletion(start: number, values: ArrayLike<number>): Tensor {
  const data = new Float32Array(start + values.length);
  data.set(values, start);
  return { dtype: "float32", data };
}

/** The completion's part of a per-position output. */
export const completionOf = (output: Float32Array | undefined, length: number): Float32Array => {
  if (output === undefined || output.length < length)
    throw new TagprError("engine", `the engine answered ${output?.length ?? "no"} log-probs for ${length} tokens`);
  return output.subarray(output.length - length);
};

/** `cross_entropy` over the completion alone, each of its tokens weighted by `weight` (which may be negative). */
export function crossEntropyDatum(prompt: readonly number[], completion: readonly number[], weight: number): Datum {
  const { tokens, target, start } = shifted(prompt, completion);
  return {
    tokens,
    inputs: {
      target_tokens: { dtype: "int64", data: target },
      weights: overCompletion(
        start,
        completion.map(() => weight),
      ),
    },
  };
}

/** `gspo` on an engine that has it: `advantage` is A/(|y|·N), a token. */
export function gspoDatum(
  prompt: readonly number[],
  completion: readonly number[],
  old: ArrayLike<number>,
  advantage: number,
): Datum {
  const datum = importanceDatum(prompt, completion, old, advantage);
  const mask = overCompletion(
    prompt.length - 1,
    completion.map(() => 1),
  );
  return { ...datum, inputs: { ...datum.inputs, sequence_ratio_mask: mask } };
}

/**
 * `importance_sampling` or `ppo`. With `logprobs` the current ones, the former's gradient by each log-prob is
 * −`advantage`, which may be one for all tokens or one a token.
 */
export function importanceDatum(
  prompt: readonly number[],
  completion: readonly number[],
  logprobs: ArrayLike<number>,
  advantage: number | readonly number[],
): Datum {
  const { tokens, target, start } = shifted(prompt, completion);
  return {
    tokens,
    inputs: {
      target_tokens: { dtype: "int64", data: target },
      logprobs: overCompletion(start, logprobs),
      advantages: overCompletion(start, typeof advantage === "number" ? completion.map(() => advantage) : advantage),
    },
  };
}
