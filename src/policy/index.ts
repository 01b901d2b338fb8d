/** Training of the policy: supervised fine-tuning, GSPO, the two RL stages. */

export { type AdvantageScheme, type WeighedGroup, withAdvantages } from "./advantages.ts";
export { crossEntropyDatum, gspoDatum, importanceDatum } from "./datum.ts";
export { decoupledAdvantages, type WeighedSignal } from "./decoupled-advantages.ts";
export { groupAdvantages, hasSpread } from "./group-advantages.ts";
export { grpoTerm } from "./grpo.ts";
export { gspoTerm } from "./gspo.ts";
export { type Estimator, klOf, klSlope } from "./kl.ts";
export { LOSSES, type PolicyLoss } from "./losses.ts";
export { type RlOptions, type RlResult, trainRl } from "./rl.ts";
export { type Group, type Rollout, rollOut, type Setting } from "./rollout.ts";
export { type SftLook, type SftOptions, type SftResult, trainSft } from "./sft.ts";
export { goldItems, type SftItem, type SftItemOptions, type SftItems, sftItems } from "./sft-items.ts";
export { type Clip, clippedTerm, type SequenceTerm, type Term } from "./term.ts";
export { type MiniBatch, type TrainSequence, type UpdateOptions, type UpdateStats, updateOnBatch } from "./update.ts";
export { type Probe, type Validation, validate } from "./validate.ts";
