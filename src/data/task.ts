import type { Language, TaskKind } from "./types.ts";

/**
 * A task as data: LaMP's tasks, Dianping's, the synthetic world's and your own are all written in this form, one YAML
 * file each in `tasks/` (or anywhere, by path).
 */
export interface Task {
  /** `LaMP_2` */
  readonly name: string;
  readonly title: string;
  readonly kind: TaskKind;
  /** What the texts are written in: chooses the prompts, and what ROUGE counts. */
  readonly language: Language;
  /** classification: the labels in official order; ordinal: the grades from low to high, as strings; generation: empty. */
  readonly labels: readonly string[];
  /** Fields of a profile item, in display order; `label: true` marks the user's own choice (tag, score, title). */
  readonly itemFields: readonly {
    readonly name: string;
    readonly aliases: readonly string[];
    readonly label: boolean;
  }[];
  /** Text of an item that a retriever indexes, with `{field}` placeholders. */
  readonly corpus: string;
  /** What a retriever searches with: the text after `after` in the input, or the quoted strings with these numbers (1-based). */
  readonly query: { readonly after: string } | { readonly quoted: readonly number[] };
  /** Chat form (ours): one history line with `{field}` placeholders, e.g. `tag: {tag} | description: {description}`. */
  readonly item: string;
  /** Official LaMP assembly: which of its templates, or null for tasks of other origin. */
  readonly official: "LaMP_1" | "LaMP_2" | "LaMP_2_old" | "LaMP_3" | "LaMP_4" | "LaMP_5" | "LaMP_7" | null;
  /** Headline metric, for choosing and for tables. */
  readonly metric: "accuracy" | "f1_macro" | "mae" | "rmse" | "rouge1" | "rougeL";
  /** What kind of answer is asked for, one short phrase in a prompt: `one of the tags`, `a headline`. */
  readonly answer: string;
  /**
   * The words around a query, for languages in which TagPR has none of its own (it has English and Chinese ones; any other
   * is asked in English): the system prompt that asks for the answer alone, for reasoning, for reasoning with the tags
   * at `{tags}`, and the line above the history.
   */
  readonly prompts?: {
    readonly plain: string;
    readonly reasoned: string;
    readonly tagged: string;
    readonly history: string;
  };
  /** Own records only: the input of a query, with `{column}` placeholders of the record that is asked about. */
  readonly prompt?: string;
  /**
   * Own records: columns of a flat table, one row a record of one user. A row whose user has at least `minHistory`
   * earlier rows becomes a query, its `gold` column the answer, the newest `maxHistory` of them its profile. With `profile`
   * a row is a query with its whole history in that column, a list of items.
   */
  readonly record?: {
    readonly user: string;
    readonly gold: string;
    readonly id?: string;
    readonly date?: string;
    /** How `date` is written, where the column can't tell: `d/M/yyyy`, `seconds`. */
    readonly dateFormat?: string;
    /** The column with a list of items. */
    readonly profile?: string;
    /** The field of such an item that says when it was. */
    readonly itemDate?: string;
    readonly minHistory: number;
    readonly maxHistory?: number;
    /** Queries of one user at most, the newest. */
    readonly maxQueries?: number;
  };
  /** The benchmark's own design shows items that are later than the query (Dianping, Appendix E): no leak then. */
  readonly itemsMayBeLater?: true;
}
