/** A person. Engines never see it; rewards and splits are keyed by it. */
export type UserId = string & { readonly __brand: "UserId" };
/** One question with one gold answer. Unique within a task and split. */
export type QueryId = string & { readonly __brand: "QueryId" };

/** One thing the user wrote, tagged or rated before the query. */
export interface ProfileItem {
  readonly id: string;
  /** `2018-05-26` or `2018`; compared as a tuple of integers (LaMP's rule). */
  readonly date?: string;
  /** The task's own fields, e.g. `{title, abstract}` in LaMP-5; see {@link Task.itemFields}. */
  readonly fields: Readonly<Record<string, string>>;
}

/** One query of one user: the unit of training and of evaluation. */
export interface Example {
  /** Task name, `LaMP_2`. */
  readonly task: string;
  readonly id: QueryId;
  /** Null where the benchmark's split gives no user id (LaMP's user-based split). */
  readonly user: UserId | null;
  /** The benchmark's own one-line input, instruction included. */
  readonly input: string;
  /** Whole history, oldest first as far as dates tell. */
  readonly profile: readonly ProfileItem[];
  /** Null in an unlabelled test file. */
  readonly gold: string | null;
  /** When the query was asked, where the data says so (LaMP does not): nothing in its profile may be later. */
  readonly date?: string;
}

export type TaskKind = "classification" | "ordinal" | "generation";
export type Language = "en" | "zh";

/** An example with the items that the model is shown, chosen once in the data stage, oldest first. */
export interface ShownExample extends Example {
  readonly shown: readonly ProfileItem[];
}
