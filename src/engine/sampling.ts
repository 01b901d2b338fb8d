import { randomUUID } from "node:crypto";
import PQueue from "p-queue";
import { askedBody } from "./asked.ts";
import { decodePromptLogprobs, decodeSamples } from "./codec.ts";
import { requireForSamples } from "./extensions.ts";
import { retrieve } from "./futures.ts";
import type { Session } from "./session.ts";
import { streamSamples } from "./streaming.ts";
import { sendJson } from "./transport.ts";
import type { SampleRequest, SamplingClient, Sequence } from "./types.ts";

/** HTTP requests in flight. The engine sees the whole batch all the same: a request is answered before it is run. */
const IN_FLIGHT = 32;

/** A sampler of an open sampling session. */
export function samplerOf(session: Session, samplingSessionId: string): SamplingClient {
  let seq = 0;
  const unit = async <T>(
    requests: readonly SampleRequest[],
    more: Record<string, unknown>,
    read: (bytes: Uint8Array, request: SampleRequest) => T,
  ): Promise<T[]> => {
    const first = seq;
    seq += requests.length;
    requireForSamples(session, requests);
    const batch = batchHeaders(session, requests.length);
    const ids = await limited(requests, async (request, index) => {
      const { request_id } = await sendJson<{ request_id: string }>(session.transport, {
        path: "/api/v1/asample",
        headers: batch(index),
        body: { ...sampleBody(samplingSessionId, first + index, request), ...more },
      });
      return { request_id, request };
    });
    return limited(ids, async ({ request_id: requestId, request }) => {
      const answer = await retrieve(session.transport, { requestId, what: "asample" }, session.deadlineMs);
      return read(answer.bytes, request);
    });
  };
  const streams = session.extensions.sample_stream !== undefined;
  return {
    sample: (requests): Promise<Sequence[][]> => unit(requests, ownLogprobs(session), decodeSamples),
    logprobs: (prompts) =>
      unit(prompts.map(scored), { prompt_logprobs: true }, (bytes, { prompt }) =>
        decodePromptLogprobs(bytes, prompt.length),
      ),
    ...(streams ? { stream: (request, signal) => streamSamples(session, samplingSessionId, request, signal) } : {}),
  };
}

/** Engines score a prompt on the way to a sample: the shortest that there is. */
const scored = (prompt: readonly number[]): SampleRequest => ({
  ...{ prompt, numSamples: 1, seed: 0 },
  params: { maxTokens: 1, temperature: 0 },
});

function sampleBody(samplingSessionId: string, seqId: number, request: SampleRequest): Record<string, unknown> {
  return { ...askedBody(samplingSessionId, request), seq_id: seqId, type: "sample" };
}

/**
 * Log-probs of the model itself, at temperature 1: what the trainer's are compared with. Hosted Tinker answers those of
 * the sampling temperature, as the embedded engine does where it isn't asked for these.
 */
const ownLogprobs = (session: Session): Record<string, string> =>
  session.extensions.sampled_logprobs === undefined ? {} : { sampled_logprobs: "model" };

/** Lets a sampler go before its session ends, on an engine that keeps it as long; best effort. */
export async function releaseSampler(session: Session, samplingSessionId: string): Promise<void> {
  if (session.extensions.release_sampler === undefined) return;
  await sendJson(session.transport, { method: "DELETE", path: `/api/v1/samplers/${samplingSessionId}` }).catch(
    () => undefined,
  );
}

/**
 * An engine with the extension runs the requests of one batch as one ordered unit when all have arrived, so that what
 * comes out doesn't depend on how they raced.
 */
function batchHeaders(session: Session, size: number): (index: number) => Record<string, string> {
  if (session.extensions.ordered_batches === undefined) return () => ({});
  const id = randomUUID();
  return (index) => ({ "X-Tagpr-Batch": `${id}/${index}/${size}` });
}

/** Results in order, a bounded number at work; after the first failure nothing more is started. */
async function limited<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const queue = new PQueue({ concurrency: IN_FLIGHT });
  try {
    return await Promise.all(items.map((item, i) => queue.add(() => work(item, i))));
  } catch (error) {
    queue.clear();
    throw error;
  }
}
