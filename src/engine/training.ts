import { datumBytes, decodeLossResult, encodeLossRequest } from "./codec.ts";
import { requireForData } from "./extensions.ts";
import { retrieve } from "./futures.ts";
import { mergeResults } from "./merge.ts";
import { adaptData, isPairLoss, isPolicyLoss } from "./profiles.ts";
import { releaseSampler, samplerOf } from "./sampling.ts";
import type { Session } from "./session.ts";
import { readTinkerPath, tinkerPath } from "./tinker-path.ts";
import { parseJson, sendJson } from "./transport.ts";
import type { AdamParams, Datum, LossName, LossResult, TrainingClient } from "./types.ts";

/** Runs tasks one after the other in the order of the calls, whatever the callers await. */
type InOrder = <T>(task: () => Promise<T>) => Promise<T>;

function inOrder(): InOrder {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = last.then(task, task);
    last = mine.catch(() => undefined);
    return mine;
  };
}

export interface LoadableClient extends TrainingClient {
  /** Weights of a `tinker://` path, with or without its optimizer; some servers take it only on a fresh model. */
  load(path: string, optimizer: boolean): Promise<void>;
}

/** Samplers of one model that its client may still use: the last ones. */
const SAMPLERS_KEPT = 4;

/** The client of one model under training. Requests reach the engine in the order of the calls, numbered by `seq_id`. */
export function trainingClient(session: Session, modelId: string): LoadableClient {
  const ordered = inOrder();
  let seq = 0;
  const samplers: string[] = [];
  const releaseBut = async (kept: number): Promise<void> => {
    for (const id of samplers.splice(0, Math.max(0, samplers.length - kept))) await releaseSampler(session, id);
  };
  /** A request that was refused has used no number: an engine that waits for the next one must not wait for it. */
  const numbered = async (post: (seqId: number) => Promise<string>): Promise<string> => {
    const requestId = await post(seq + 1);
    seq++;
    return requestId;
  };

  const loss = async (
    data: readonly Datum[],
    name: LossName,
    config: Readonly<Record<string, number>>,
    forwardOnly: boolean,
  ): Promise<LossResult> => {
    const what = `forward_backward (${name}${forwardOnly ? ", forward only" : ""})`;
    requireForData(session, data);
    const known = onlyWhereLooked(session, name, config);
    const parts = splitData(session, name, adaptData(session.profile, name, data));
    const posted = await ordered(async () => {
      const ids: string[] = [];
      for (const part of parts)
        ids.push(
          await numbered((seqId) =>
            sendLoss(
              session,
              encodeLossRequest({ modelId, seqId, data: part, loss: name, config: known, forwardOnly }),
            ),
          ),
        );
      return ids;
    });
    const results = await Promise.all(
      posted.map((requestId) => retrieve(session.transport, { requestId, what }, session.deadlineMs)),
    );
    return mergeResults(results.map((answer) => decodeLossResult(answer.bytes)));
  };

  /** Posts in order, awaits its future outside the order. */
  const run = async <T>(path: string, body: Readonly<Record<string, unknown>>): Promise<T> => {
    const requestId = await ordered(() =>
      numbered((seqId) => session.post(path, { model_id: modelId, seq_id: seqId, ...body })),
    );
    const answer = await retrieve(session.transport, { requestId, what: path }, session.deadlineMs);
    return parseJson<T>(session.transport, path, answer);
  };

  const save = async (call: "save_weights" | "save_weights_for_sampler", name: string): Promise<string> =>
    tinkerPath(readTinkerPath((await run<{ path: string }>(call, { path: name, type: call })).path));

  return {
    modelId,
    forward: (data, name, config = {}) => loss(data, name, config, true),
    forwardBackward: (data, name, config = {}) => loss(data, name, config, false),
    optimStep: async (adam) => {
      const { metrics } = await run<{ metrics?: Record<string, number> }>("optim_step", {
        adam_params: adamBody(adam),
        ...(adam.userLearningRate === undefined ? {} : { user_learning_rate: adam.userLearningRate }),
      });
      return metrics ?? {};
    },
    saveState: (name) => save("save_weights", name),
    saveForSampler: async (name) => {
      if (!session.profile.trainsFromSampler) await save("save_weights", name);
      return save("save_weights_for_sampler", name);
    },
    sampler: async () => {
      const answer = await run<{ sampling_session_id: string }>("save_weights_for_sampler", {
        sampling_session_seq_id: session.nextSampler(),
        type: "save_weights_for_sampler",
      });
      samplers.push(answer.sampling_session_id);
      await releaseBut(SAMPLERS_KEPT);
      return samplerOf(session, answer.sampling_session_id);
    },
    load: async (path, optimizer) => {
      await run("load_weights", { path, optimizer, type: "load_weights" });
    },
    unload: async () => {
      await ordered(() => session.run("unload_model", { model_id: modelId, type: "unload_model" }));
      await releaseBut(0);
    },
  };
}

/**
 * Our loops ask for no log-prob where a loss doesn't look; an engine of version 2 would compute them all for a policy
 * loss, as hosted Tinker does.
 */
function onlyWhereLooked(
  { extensions }: Pick<Session, "extensions">,
  loss: LossName,
  config: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  if (extensions.only_weighted === undefined) return without(config, "only_weighted");
  return extensions.only_weighted !== "1" && isPolicyLoss(loss) ? { ...config, only_weighted: 1 } : config;
}

const without = (config: Readonly<Record<string, number>>, key: string): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(config).filter(([name]) => name !== key));

/** Protobuf is what every engine of this dialect wants; 415 or 422 would mean an older server. */
async function sendLoss(session: Session, body: Uint8Array): Promise<string> {
  const path = "/api/v1/forward_backward";
  return (await sendJson<{ request_id: string }>(session.transport, { path, body })).request_id;
}

/** Requests of at most the profile's datums and bytes, in order; pairs stay together. */
export function splitData(session: Pick<Session, "profile">, loss: LossName, data: readonly Datum[]): Datum[][] {
  if (isPairLoss(loss)) return [[...data]];
  const { maxDatums, maxBytes } = session.profile;
  const parts: Datum[][] = [];
  let part: Datum[] = [];
  let bytes = 0;
  for (const datum of data) {
    const size = datumBytes(datum);
    if (part.length > 0 && (part.length === maxDatums || bytes + size > maxBytes)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(datum);
    bytes += size;
  }
  if (part.length > 0 || parts.length === 0) parts.push(part);
  return parts;
}

const adamBody = (adam: AdamParams): Record<string, number> => ({
  learning_rate: adam.learningRate,
  beta1: adam.beta1,
  beta2: adam.beta2,
  eps: adam.eps,
  weight_decay: adam.weightDecay,
  ...(adam.gradClipNorm > 0 ? { grad_clip_norm: adam.gradClipNorm } : {}),
});
