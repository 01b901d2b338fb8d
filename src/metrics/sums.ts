import type { Task } from "../data/task.ts";
import { macroF1 } from "./classification.ts";
import { grades, labelsOf, type Pair, rougeOf } from "./pairs.ts";
import type { Convention } from "./rouge.ts";
import type { MetricName } from "./score.ts";

/**
 * A task's metrics as functions of sums over its queries, so that a bootstrap adds up numbers instead of scoring again.
 * `of(total)` equals what `score` says of the same pairs.
 */
export interface SumForm {
  /** One query's vector. */
  readonly sumsOf: (pair: Pair) => readonly number[];
  readonly metrics: readonly { readonly name: MetricName; readonly of: (total: readonly number[]) => number }[];
}

export function sumForm(task: Task, convention: Convention): SumForm {
  switch (task.kind) {
    case "classification":
      return classificationForm(task);
    case "ordinal":
      return {
        sumsOf: (pair) => {
          const [value, want] = grades(task, pair);
          return [Math.abs(value - want), (value - want) ** 2, 1];
        },
        metrics: [
          { name: "mae", of: ([abs = 0, , n = 0]) => abs / n },
          { name: "mse", of: ([, square = 0, n = 0]) => square / n },
          { name: "rmse", of: ([, square = 0, n = 0]) => Math.sqrt(square / n) },
        ],
      };
    case "generation":
      return {
        sumsOf: (pair) => [...rougeOf(pair, convention), 1],
        metrics: [
          { name: "rouge1", of: ([sum = 0, , n = 0]) => sum / n },
          { name: "rougeL", of: ([, sum = 0, n = 0]) => sum / n },
        ],
      };
  }
}

/** Hits, queries, then for every label: hits, times answered, times gold. */
function classificationForm(task: Task): SumForm {
  const { labels } = task;
  return {
    sumsOf: (pair) => {
      const [answer, want] = labelsOf(task, pair);
      const sums = new Array<number>(2 + 3 * labels.length).fill(0);
      sums[0] = answer === want ? 1 : 0;
      sums[1] = 1;
      if (answer >= 0) sums[2 + 3 * answer + 1] = 1;
      if (want >= 0) sums[2 + 3 * want + 2] = 1;
      if (answer >= 0 && answer === want) sums[2 + 3 * answer] = 1;
      return sums;
    },
    metrics: [
      { name: "accuracy", of: ([hits = 0, n = 0]) => hits / n },
      { name: "f1_macro", of: (total) => macroF1(labels.length, total.slice(2)) },
    ],
  };
}
