/** The Tinker client, and the embedded engine, which it can start. */

export { type ConnectOptions, connectEngine } from "./client.ts";
export { type Embedded, startEmbedded } from "./embedded.ts";
export { type Engines, type OpenEnginesOptions, openEngines } from "./engines.ts";
export { exportWeights } from "./export.ts";
export { type ModelDirOptions, resolveModelDir } from "./model-dir.ts";
export type { EmbeddedSettings, SpawnOptions } from "./process.ts";
export type { EngineProfile, ProfileName } from "./profiles.ts";
export type {
  AdamParams,
  Datum,
  Engine,
  LossName,
  LossResult,
  SampleRequest,
  SamplingClient,
  SamplingParams,
  Sequence,
  StreamedTokens,
  Tensor,
  TrainingClient,
  TrainOptions,
} from "./types.ts";
