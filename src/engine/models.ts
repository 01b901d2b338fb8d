import { samplerOf } from "./sampling.ts";
import type { Session } from "./session.ts";
import { isTinkerPath, readTinkerPath, stateBeside, tinkerPath } from "./tinker-path.ts";
import { trainingClient } from "./training.ts";
import { sendJson } from "./transport.ts";
import type { SamplingClient, TrainingClient, TrainOptions } from "./types.ts";

/** Turns a model folder or name into the name by which the engine knows it. */
export type Locate = (model: string) => Promise<string>;

/** A new model; `model` and `resume` may be `tinker://` paths, whose base the engine remembers. */
export async function createModel(session: Session, options: TrainOptions, locate: Locate): Promise<TrainingClient> {
  const saved = isTinkerPath(options.model);
  const weights = saved && !session.profile.trainsFromSampler ? stateBeside(options.model) : options.model;
  const from = options.resume ?? (saved ? weights : undefined);
  const base = saved ? (await infoOf(session, from ?? weights)).base_model : await locate(options.model);
  const { model_id } = await session.run<{ model_id: string }>("create_model", {
    session_id: await session.id(),
    model_seq_id: session.nextModel(),
    base_model: base,
    lora_config: { rank: options.rank, seed: options.seed },
    type: "create_model",
    ...rewardFields(options),
    ...(options.softPromptFor === undefined
      ? {}
      : { model_role: "soft_prompt", projects_to: await locate(options.softPromptFor) }),
  });
  const client = trainingClient(session, model_id);
  if (from !== undefined) await client.load(from, options.resume !== undefined);
  return client;
}

function rewardFields({ reward }: TrainOptions): Record<string, unknown> {
  if (reward === undefined) return {};
  return {
    model_role: "reward",
    ...(reward.userEmbeddings === undefined ? {} : { user_embeddings: reward.userEmbeddings }),
    ...(reward.userSpread === undefined ? {} : { user_spread: reward.userSpread }),
  };
}

const infoOf = (session: Session, path: string) =>
  sendJson<{ base_model: string; lora_rank: number | null }>(session.transport, {
    path: "/api/v1/weights_info",
    body: { tinker_path: path },
    repeatable: true,
  });

/**
 * A model made to be sampled alone, for an engine that samples living models only: of saved weights, or of a base model
 * where training all parameters changes what the engine answers for it (`rank` 0).
 */
export async function livingModel(session: Session, model: string, locate: Locate): Promise<TrainingClient> {
  const rank = isTinkerPath(model) ? ((await infoOf(session, stateBeside(model))).lora_rank ?? 0) : 0;
  return createModel(session, { model, rank, seed: 0 }, locate);
}

/** A sampler of a base model or of saved weights. */
export async function openSampler(session: Session, modelOrPath: string, locate: Locate): Promise<SamplingClient> {
  const source = isTinkerPath(modelOrPath) ? { model_path: modelOrPath } : { base_model: await locate(modelOrPath) };
  const { sampling_session_id } = await sendJson<{ sampling_session_id: string }>(session.transport, {
    path: "/api/v1/create_sampling_session",
    body: {
      session_id: await session.id(),
      sampling_session_seq_id: session.nextSampler(),
      ...source,
      type: "create_sampling_session",
    },
  });
  return samplerOf(session, sampling_session_id);
}

/** What a model has saved, by its `modelId`. */
export async function saved(session: Session, model: string): Promise<string[]> {
  const { checkpoints } = await sendJson<{ checkpoints: readonly { readonly tinker_path: string }[] }>(
    session.transport,
    { method: "GET", path: `/api/v1/training_runs/${model}/checkpoints`, repeatable: true },
  );
  return checkpoints.map(({ tinker_path }) => tinkerPath(readTinkerPath(tinker_path)));
}

/** Deletes saved weights, and the state beside them where {@link EngineProfile.trainsFromSampler} made one. */
export async function forget(session: Session, path: string): Promise<void> {
  const place = readTinkerPath(path);
  const both = place.kind === "sampler_weights" && !session.profile.trainsFromSampler;
  for (const kind of both ? (["weights", "sampler_weights"] as const) : [place.kind])
    await sendJson(session.transport, {
      method: "DELETE",
      path: `/api/v1/training_runs/${place.model}/checkpoints/${kind}/${place.name}`,
    });
}
