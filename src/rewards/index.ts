/** The five reward signals and their weighted sum. */

export {
  computeRewards,
  type RewardInput,
  type Rewards,
} from "./compute.ts";
export { type ExplainedSignal, explainRewards } from "./explain.ts";
export { formatReward } from "./format.ts";
export { makeOwnSignal, type OwnItem, type OwnScore, type OwnSignal } from "./own.ts";
export { type Centre, personalizationReward } from "./personalization.ts";
export { repetitionReward } from "./repetition.ts";
export { type TagChecks, tagChecks, tagReward } from "./tag.ts";
export { verifiableReward } from "./verifiable.ts";
export { type RlStage, SIGNALS, type Signal, type Signals, type WeightSource, weightsOf } from "./weights.ts";
