import type { Task } from "../data/task.ts";
import { labelIndex, macroF1 } from "../metrics/classification.ts";
import type { Clustered } from "../stats/resample.ts";
import { primaryOf } from "./samples.ts";
import type { Answered, Prediction } from "./types.ts";

export type Reading = "strict" | "lenient";

/** Errors go down, the rest goes up. */
export const higherIsBetter = (metric: Task["metric"]): boolean => metric !== "mae" && metric !== "rmse";

/** A user's queries are one cluster; a query without a user is one of its own. */
export const clusterKey = (p: { readonly user: string | null; readonly query: string }): string =>
  p.user === null ? `query ${p.query}` : `user ${p.user}`;

/**
 * Method m's predictions on one task as sums a cluster; every list holds the same queries. `keys`: the clusters, some of
 * which may have no query here; without, those that have.
 */
export function clusterSums(
  task: Task,
  methods: readonly (readonly Prediction[])[],
  reading: Reading,
  keys: readonly string[] = [...new Set((methods[0] ?? []).map(clusterKey))],
): Clustered {
  const place = new Map(keys.map((key, i) => [key, i]));
  const form = FORMS[task.metric](task);
  const sums = methods.map((predictions) => {
    const own = keys.map(() => new Array<number>(form.size).fill(0));
    for (const p of predictions) {
      const sum = own[place.get(clusterKey(p)) ?? -1];
      if (sum !== undefined) form.add(sum, p, reading);
    }
    return own;
  });
  return { sums, statistic: form.statistic };
}

/** How a metric is a function of sums over queries. */
interface Form {
  readonly size: number;
  readonly add: (sum: number[], prediction: Prediction, reading: Reading) => void;
  readonly statistic: (total: readonly number[]) => number;
}

/** Under a reading. */
export const scoreOf = (p: Answered, reading: Reading): number =>
  reading === "strict" ? p.strictScore : p.lenientScore;
const answerOf = (p: Answered, reading: Reading): string | null => (reading === "strict" ? p.strict : p.lenient);

/** Score of a query: the mean over the answers that make it. */
export function meanScore(p: Prediction, reading: Reading): number {
  const answers = primaryOf(p);
  return answers.reduce((sum, one) => sum + scoreOf(one, reading), 0) / answers.length;
}

const bump = (sum: number[], k: number, by: number): void => {
  sum[k] = (sum[k] ?? 0) + by;
};

/** Mean over queries of a function of the query's score. */
function mean(of: (score: number) => number, finish: (mean: number) => number = (m) => m): Form {
  return {
    size: 2,
    add: (sum, p, reading) => {
      const answers = primaryOf(p);
      for (const one of answers) bump(sum, 0, of(scoreOf(one, reading)) / answers.length);
      bump(sum, 1, 1);
    },
    statistic: ([total = 0, n = 0]) => finish(total / n),
  };
}

/** Macro-F1 over all labels, those that never occur counting 0: LaMP's own (`classification`), from sums. */
function f1Form(task: Task): Form {
  const place = (text: string): number | undefined => {
    const at = labelIndex(task.labels, text);
    return at < 0 ? undefined : at;
  };
  return {
    // For every label: true positives, answered, gold. An unreadable answer is a miss of its gold label.
    size: 3 * task.labels.length,
    add: (sum, p, reading) => {
      const gold = place(p.gold);
      if (gold !== undefined) bump(sum, 3 * gold + 2, 1);
      const answers = primaryOf(p);
      for (const one of answers) {
        const answer = place(answerOf(one, reading) ?? "");
        if (answer !== undefined) bump(sum, 3 * answer + 1, 1 / answers.length);
        if (gold !== undefined && gold === answer) bump(sum, 3 * gold, 1 / answers.length);
      }
    },
    statistic: (total) => macroF1(task.labels.length, total),
  };
}

const own = (): Form => mean((score) => score);
const FORMS: Readonly<Record<Task["metric"], (task: Task) => Form>> = {
  accuracy: own,
  rouge1: own,
  rougeL: own,
  mae: () => mean((score) => -score),
  rmse: () => mean((score) => -score, Math.sqrt),
  f1_macro: f1Form,
};

/**
 * A headline score on a scale where more is better and 1 is perfect, for means over tasks of different metrics: errors
 * become 1 − error / (span of the grades).
 */
export function goodness(task: Task, value: number): number {
  if (higherIsBetter(task.metric)) return value;
  const grades = task.labels.map(Number);
  const span = Math.max(...grades) - Math.min(...grades);
  return 1 - value / span;
}
