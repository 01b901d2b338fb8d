import type { Answered, Prediction } from "./types.ts";

/** How a method's answers are drawn beside the greedy one (`eval.samples`, `eval.temperatures`). */
export interface Sampling {
  readonly n: number;
  /** Above 0. */
  readonly temperature: number;
  /** Whether these answers make the score, and not the greedy one: the temperature was chosen on dev. */
  readonly primary: boolean;
}

/** The answers that a method's score is the mean of. */
export const primaryOf = (prediction: Prediction): readonly Answered[] =>
  prediction.sampled?.primary === true ? prediction.sampled.answers : [prediction];
