import type { Convention } from "../metrics/rouge.ts";
import type { Interval } from "../stats/resample.ts";

/**
 * Scores in the metric's own unit and direction; `low` and `high` bound the 95% bootstrap interval over users, null
 * where all queries are one user's.
 */
export interface ResultRow extends Interval {
  readonly method: string;
  readonly score: number;
  /** Queries. */
  readonly n: number;
  /** Absent in results of older versions. */
  readonly budget?: Budget;
}

/**
 * What a method had and took: a fair comparison says it. Tokens are counted once for each time that they went through a
 * model; null where a run's files don't tell.
 */
export interface Budget {
  /** Queries whose gold answer its training used, all stages before it included. */
  readonly labels: number;
  /** Tokens that teacher, judge and tagger read and wrote for its chains. */
  readonly teacher_tokens: number;
  /** Prompt and completion tokens of all its optimizer steps. */
  readonly trained_tokens: number | null;
  /** Tokens that were sampled for its training: roll-outs, pairs. */
  readonly sampled_tokens: number | null;
  /** Looks at dev that something was chosen by: weights, a temperature, a prompt. */
  readonly tuning_trials: number;
  /** Responses a test query, on average. */
  readonly samples: number;
  /** Tokens a test query, read and written, on average. */
  readonly test_tokens: number;
  /** Dollars of all test queries, where an API is priced. */
  readonly dollars?: number;
  /** Whether it learnt from the histories of the test users, beyond showing them. */
  readonly adapts: boolean;
}

/** a − b on the same queries, in the metric's own unit: below 0 is a gain where lower is better. */
export interface PairedRow extends Interval {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  /** Two-sided bootstrap p-value of no difference, Holm-corrected over the table. */
  readonly p_holm: number;
  /** Better or worse when the interval leaves 0 out and the corrected p-value is below 0.05; tied where no user's score differs; else undecided. */
  readonly verdict: "better" | "worse" | "tied" | "undecided";
}

/** Expected scores of the best possible answers, in the metric's unit (synthetic world only). */
export interface CeilingRow {
  readonly query_only: number;
  readonly shown_items: number;
  readonly oracle: number;
}

/** Whether what a method says of the history is so. */
export interface TruthDetails {
  /** Statements that can be checked, and the share of them that is true; null where nothing is stated. */
  readonly statements: number;
  readonly statements_true: number | null;
  /** Of the answers that rest on a statement about the history the share where that one is true. */
  readonly deciding_true: number | null;
  /** Share of answers that rest on none. */
  readonly no_statement: number | null;
}

/** The same score of answers drawn at a temperature; scores are in the metric's unit, and errors are errors. */
export interface SampleDetails {
  /** Answers a query. */
  readonly n: number;
  readonly temperature: number;
  /** Whether their mean is the method's score (its temperature was chosen on dev), and not the greedy answer. */
  readonly primary: boolean;
  readonly greedy: number;
  /** Mean over all samples. */
  readonly avg_at_n: number;
  /** Expected best of k samples, by k. */
  readonly pass_at: Readonly<Record<string, number>>;
  /** Of the answer that most samples give; null where answers are free text. */
  readonly majority_at_n: number | null;
}

/** What else is known of a method beside its headline score. */
export interface MethodDetails {
  /** All metrics of the task under each reading, e.g. `{accuracy, f1_macro}` or `{mae, mse, rmse}`. */
  readonly strict: Readonly<Record<string, number>>;
  readonly lenient: Readonly<Record<string, number>>;
  /** Share of the way from the query-only to the shown-items ceiling; null without ceilings. */
  readonly possible_personalization: number | null;
  /** Share of responses that the strict reading can read. */
  readonly format_rate: number;
  /** Share of responses cut off at the token limit. */
  readonly truncated_rate: number;
  /** Mean length of a response in tokens, reasoning included. */
  readonly mean_tokens: number;
  /** Of the answers that reason; null where none does, or the files are of an older version. */
  readonly truth: TruthDetails | null;
  /** Null where nothing was drawn beside the greedy answers. */
  readonly samples: SampleDetails | null;
  /** Headline score when every query is shown another user's items; null where that was not run. */
  readonly swapped: number | null;
}

/** `result.json`: one task's table, or the macro view over several with each task's own table in `tasks`. */
export interface Result {
  readonly task: string;
  readonly metric: string;
  readonly higher_is_better: boolean;
  /** What ROUGE counts; absent where the task is not generation. */
  readonly rouge?: Convention;
  readonly rows: readonly ResultRow[];
  readonly paired: readonly PairedRow[];
  /** Absent where nobody knows them: outside the synthetic world. */
  readonly ceilings?: CeilingRow;
  readonly seed: number;
  readonly seconds: number;
  /** Reading of answers behind the headline score. */
  readonly reading: "strict" | "lenient";
  /** Rows that are called otherwise than their method is elsewhere, since this run trained it otherwise. */
  readonly labels?: Readonly<Record<string, string>>;
  /** True for numbers of the synthetic world, and for a mean that such numbers are in. */
  readonly synthetic: boolean;
  readonly details: Readonly<Record<string, MethodDetails>>;
  readonly tasks?: readonly Result[];
}
