import type { QueryId, UserId } from "../data/types.ts";
import type { Cut } from "../prompts/budget.ts";

/** What a method said to one evaluation query. */
export interface Prediction {
  readonly task: string;
  readonly query: QueryId;
  readonly user: UserId | null;
  readonly gold: string;
  /** The whole response as generated, special tokens left out. */
  readonly response: string;
  readonly tokens: number;
  readonly truncated: boolean;
  /** The answer read strictly; null when unreadable. */
  readonly strict: string | null;
  readonly lenient: string;
  /** Headline score of this query under the strict and the lenient reading; higher is better, errors negated. */
  readonly strictScore: number;
  readonly lenientScore: number;
  /** What was taken from the prompt to fit its budget; absent when nothing was. */
  readonly cut?: readonly Cut[];
}
