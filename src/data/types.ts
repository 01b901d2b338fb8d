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

/** One query of one user, without the history that it comes with. */
export interface Question {
  /** Task name, `LaMP_2`. */
  readonly task: string;
  readonly id: QueryId;
  /** Null where the benchmark's split gives no user id (LaMP's user-based split). */
  readonly user: UserId | null;
  /** The benchmark's own one-line input, instruction included. */
  readonly input: string;
  /** Null in an unlabelled test file. */
  readonly gold: string | null;
  /** When the query was asked, where the data says so (LaMP does not): nothing in its profile may be later. */
  readonly date?: string;
}

/** A query as files hold it: the unit of retrieval. */
export interface Example extends Question {
  /** Whole history, oldest first as far as dates tell. */
  readonly profile: readonly ProfileItem[];
}

export type TaskKind = "classification" | "ordinal" | "generation";
/** A BCP 47 tag in canonical form: `en`, `zh`, `ko`, `pt-BR`. */
export type Language = string;

/**
 * A query with the items that the model is shown, chosen once in the data stage, oldest first: the unit of training and
 * of evaluation. The rest of the history, hundreds of items a query in LaMP, is left behind there.
 */
export interface ShownExample extends Question {
  readonly shown: readonly ProfileItem[];
  /** Items of the whole history. */
  readonly historyItems: number;
}
