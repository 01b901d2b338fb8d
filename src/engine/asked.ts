import type { SampleRequest, SamplingParams } from "./types.ts";

/** What is asked of a sampler, whole or streamed. */
export function askedBody(samplingSessionId: string, request: SampleRequest): Record<string, unknown> {
  return {
    sampling_session_id: samplingSessionId,
    num_samples: request.numSamples,
    prompt: { chunks: [{ type: "encoded_text", tokens: request.prompt }] },
    sampling_params: paramsBody(request.params, request.seed),
    ...(request.soft === undefined ? {} : { soft_tokens: softBody(request.soft) }),
  };
}

/** In single precision, as the engine keeps them: its decimals are exact. */
const softBody = (rows: readonly ArrayLike<number>[]): Record<string, unknown> => ({
  dtype: "float32",
  shape: [rows.length, rows[0]?.length ?? 0],
  data: rows.flatMap((row) => [...Float32Array.from(row)]),
});

function paramsBody(params: SamplingParams, seed: number): Record<string, unknown> {
  return {
    max_tokens: params.maxTokens,
    temperature: params.temperature,
    seed,
    ...(params.topP === undefined ? {} : { top_p: params.topP }),
    ...(params.topK === undefined ? {} : { top_k: params.topK }),
    ...(params.stop === undefined || params.stop.length === 0 ? {} : { stop: params.stop }),
  };
}
