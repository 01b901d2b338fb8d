import { existsSync } from "node:fs";
import { join } from "node:path";
import { wordsOf } from "../core/words.ts";
import { streamShown } from "../data/shown.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { quantile } from "../stats/resample.ts";
import type { Evaluation } from "./evaluation.ts";
import { questionsFile } from "./find-answer.ts";

/** The files of a run's queries, and what each is for. */
export const USES = {
  chains: "tagged chains, SFT",
  prmu: "reward model",
  rl: "reinforcement learning",
  dev: "looks while training",
  test: "evaluation",
} as const;
export type Split = keyof typeof USES;

/** How much one split of one task holds. Words are those of any script ({@link wordsOf}; Han counts by character). */
export interface SplitSizes {
  readonly task: string;
  readonly split: Split;
  readonly queries: number;
  /** Null where the data names none (LaMP's user-based split). */
  readonly users: number | null;
  /** Items of a query's whole history. */
  readonly items: { readonly mean: number; readonly median: number; readonly most: number };
  /** Items that its prompt shows, mean. */
  readonly shown: number;
  /** Mean words of a query, of a shown item and of a gold answer; null where there is none. */
  readonly words: { readonly query: number | null; readonly item: number | null; readonly answer: number | null };
}

/** The queries that an evaluation asked and, with `trained`, those that its run trained on, split by split. */
export async function splitSizes(
  evaluation: Evaluation,
  tasks: readonly Task[],
  { trained }: { readonly trained: boolean },
): Promise<SplitSizes[]> {
  const found: SplitSizes[] = [];
  for (const split of Object.keys(USES) as Split[]) {
    if (split !== "test" && !trained) continue;
    const { run } = evaluation;
    const file = split === "test" ? questionsFile(evaluation, run) : join(run, "data", `${split}.jsonl`);
    if (!existsSync(file)) continue;
    const counts = new Map(tasks.map(({ name }) => [name, begin()]));
    for await (const example of streamShown(file)) {
      const own = counts.get(example.task);
      if (own !== undefined) add(own, example);
    }
    for (const [task, own] of counts) if (own.items.length > 0) found.push({ task, split, ...finished(own) });
  }
  return found.toSorted((a, b) => place(tasks, a.task) - place(tasks, b.task));
}

const place = (tasks: readonly Task[], name: string): number => tasks.findIndex((task) => task.name === name);

interface Counts {
  /** Of each query's history. */
  readonly items: number[];
  readonly users: Set<string>;
  readonly query: Mean;
  readonly item: Mean;
  readonly answer: Mean;
}

interface Mean {
  sum: number;
  n: number;
}

const begin = (): Counts => ({ items: [], users: new Set(), query: none(), item: none(), answer: none() });
const none = (): Mean => ({ sum: 0, n: 0 });

function add(own: Counts, { user, input, gold, shown, historyItems }: ShownExample): void {
  own.items.push(historyItems);
  if (user !== null) own.users.add(user);
  count(own.query, input);
  if (gold !== null) count(own.answer, gold);
  for (const { fields } of shown) count(own.item, Object.values(fields).join(" "));
}

function count(mean: Mean, text: string): void {
  mean.sum += wordsOf(text).length;
  mean.n++;
}

function finished({ items, users, query, item, answer }: Counts): Omit<SplitSizes, "task" | "split"> {
  const sorted = items.toSorted((a, b) => a - b);
  const of = (mean: Mean): number | null => (mean.n === 0 ? null : mean.sum / mean.n);
  return {
    queries: items.length,
    users: users.size === 0 ? null : users.size,
    items: {
      mean: items.reduce((a, b) => a + b, 0) / items.length,
      median: quantile(sorted, 0.5),
      most: sorted.at(-1) ?? 0,
    },
    shown: item.n / items.length,
    words: { query: of(query), item: of(item), answer: of(answer) },
  };
}
