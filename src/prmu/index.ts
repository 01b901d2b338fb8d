/** The Personalization Reward Model with User Embeddings: pairs, training, scoring. */

export { buildPairs, type Pair, type PairKind, type PairStats, type Scored, userRows } from "./pairs.ts";
export { type PairSource, type Sampled, type SampleOptions, samplePairSources } from "./sample.ts";
export { makeScorer, type ScorerFile } from "./score.ts";
export type { ScoreItem, Scorer } from "./scorer-types.ts";
export { type PrmuOptions, type PrmuResult, trainPrmu } from "./train.ts";
