import type { ShownExample } from "../data/types.ts";
import type { Centre } from "../rewards/personalization.ts";

/** One response to be scored for one user. */
export interface ScoreItem {
  readonly example: ShownExample;
  /** The whole response: chain and answer, without special tokens. */
  readonly text: string;
}

/** A trained reward model, ready to score. */
export interface Scorer {
  readonly centre: Centre;
  /** One logit an item, in order. */
  score(items: readonly ScoreItem[]): Promise<number[]>;
}
