import type { ShownExample } from "../data/types.ts";
import type { Canvas } from "../report/plots/draw.ts";
import type { Scored } from "../retrieval/retrieve.ts";
import type { Need } from "./cells.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Suite } from "./schema.ts";
import type { Shown } from "./shown.ts";

/**
 * A kind of table or figure: one file of `src/suites/kinds/`, listed in its `index.ts`. `main.ts` is the example to begin
 * with. A kind says what it needs, and makes of those evaluations what is shown, as plain data: it asks no model, reads no
 * folder and knows no format.
 */
export interface Kind {
  /** In `show` of a suite's file, and of its files: small letters and hyphens. */
  readonly name: string;
  readonly title: string;
  /** Where the paper has it; `ours` where it doesn't. */
  readonly paper: string;
  /** One sentence for a reader. */
  readonly about: string;
  /** The evaluations that it is made of; `methods` are those of the suite. */
  readonly needs: (suite: Suite, methods: readonly string[]) => readonly Need[];
  readonly show: (given: Given) => Promise<Shown>;
}

/** What a kind is made from. */
export interface Given {
  readonly suite: Suite;
  /** Those that the suite compares, in the order of the tables. */
  readonly methods: readonly string[];
  /** The evaluation of a variant and a profile, one a seed. @throws TagprError where the kind didn't say that it needs it */
  readonly evaluations: (need?: Partial<Pick<Need, "variant" | "profile">>) => readonly Evaluation[];
  readonly canvas: Canvas;
  /** What the retriever chose a query's items by, by `task/id`; absent where nobody can look. */
  readonly itemScores?: (
    evaluation: Evaluation,
    queries: readonly Pick<ShownExample, "task" | "id">[],
  ) => Promise<ReadonlyMap<string, readonly Scored[]>>;
}
