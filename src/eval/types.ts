import type { QueryId, UserId } from "../data/types.ts";
import type { Cut } from "../prompts/budget.ts";
import type { Truth } from "../rewards/truth.ts";

/** One response, and how it is read. */
export interface Answered {
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
  /** Whether what it says of the items that its prompt showed is so; absent in files of older versions, and where it does not reason. */
  readonly truth?: Truth;
}

/** What a method said to one evaluation query: its greedy answer, and what else was drawn. */
export interface Prediction extends Answered {
  readonly task: string;
  readonly query: QueryId;
  readonly user: UserId | null;
  readonly gold: string;
  /** What was taken from the prompt to fit its budget; absent when nothing was. */
  readonly cut?: readonly Cut[];
  /** Answers drawn at a temperature; `primary` where they, and not the greedy one, make the score. */
  readonly sampled?: { readonly temperature: number; readonly primary: boolean; readonly answers: readonly Answered[] };
}
