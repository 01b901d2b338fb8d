import type { SampleRequest, SamplingParams } from "./types.ts";

/** What is asked of a sampler, whole or streamed. */
export function askedBody(samplingSessionId: string, request: SampleRequest): Record<string, unknown> {
  return {
    sampling_session_id: samplingSessionId,
    num_samples: request.numSamples,
    prompt: { chunks: [{ type: "encoded_text", tokens: request.prompt }] },
    sampling_params: paramsBody(request.params, request.seed),
  };
}

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
