/** Exact metrics: ROUGE, accuracy, macro-F1, MAE, MSE, RMSE; a benchmark's score and one query's. */

export { type ClassificationScore, classification, macroF1 } from "./classification.ts";
export type { Pair as GoldAndPrediction } from "./pairs.ts";
export { type RegressionScore, readScore, regression } from "./regression.ts";
export {
  type Convention,
  type Overlap,
  type Rouge,
  rouge,
  rouge1L,
  rougeBest,
  rougeLsum,
  rougeOfTokens,
  type Tokens,
} from "./rouge.ts";
export { rougeChinese, rougePltrdy, type SetRouge } from "./rouge-sets.ts";
export {
  exampleScore,
  type MetricName,
  type Metrics,
  readingsOf,
  type Score,
  score,
} from "./score.ts";
export { type FilePairs, type ScoreRequest, scoreFiles } from "./score-files.ts";
export { characters, englishWords } from "./tokens.ts";
