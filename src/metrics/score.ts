import { TagprError } from "../core/errors.ts";
import { baseLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";
import { readLeniently } from "../prompts/response.ts";
import { classification, labelIndex } from "./classification.ts";
import { readScore, regression } from "./regression.ts";
import { type Convention, rouge1L } from "./rouge.ts";

export type MetricName = "accuracy" | "f1_macro" | "mae" | "mse" | "rmse" | "rouge1" | "rougeL";
/** Classification: accuracy and f1_macro; ordinal: mae, mse, rmse; generation: rouge1 and rougeL (mean F). */
export type Metrics = Readonly<Partial<Record<MetricName, number>>>;

export interface Pair {
  /** The answer, as it would stand in a predictions file; "" where a strict reading found none. */
  readonly prediction: string;
  readonly gold: string;
  /** The whole response, where there is one: the lenient reading starts from it rather than from `prediction`. */
  readonly response?: string;
}

export interface Score {
  readonly n: number;
  /** Which tokens ROUGE counted; null for tasks without ROUGE. */
  readonly convention: Convention | null;
  /** Exactly LaMP's metrics on the predictions as they stand. */
  readonly official: Metrics;
  /** The same metrics on the answers found by the lenient reading (`readAnswer`). */
  readonly lenient: Metrics;
}

/** Official and lenient metrics of a task's predictions. Throws on none at all. */
export function score(task: Task, pairs: readonly Pair[], convention = conventionOf(task)): Score {
  if (pairs.length === 0)
    throw new TagprError("data", `no predictions of ${task.name} to score`, { hint: "Give at least one prediction." });
  const lenient = readingsOf(task, pairs).lenient;
  return {
    n: pairs.length,
    convention: task.kind === "generation" ? convention : null,
    official: metrics(task, pairs, convention),
    lenient: metrics(task, lenient, convention),
  };
}

/** The same pairs as they stand, and with the answers that the lenient reading finds. */
export function readingsOf(
  task: Task,
  pairs: readonly Pair[],
): { readonly official: readonly Pair[]; readonly lenient: readonly Pair[] } {
  const lenient = pairs.map(({ prediction, gold, response }) => ({
    prediction: readLeniently(response ?? prediction, task),
    gold,
  }));
  return { official: pairs, lenient };
}

/**
 * Score of one prediction under the task's headline metric, higher is better: 1 or 0 for a label (also where the
 * headline is macro-F1, which no single answer has), the negated absolute error (squared where the headline is RMSE),
 * ROUGE F. Means of it are what paired intervals compare.
 */
export function exampleScore(task: Task, prediction: string, gold: string, convention = conventionOf(task)): number {
  switch (task.kind) {
    case "classification":
      return labelIndex(task.labels, prediction) === labelIndex(task.labels, gold) ? 1 : 0;
    case "ordinal": {
      const [value, want] = grades(task, { prediction, gold });
      return task.metric === "rmse" ? -((value - want) ** 2) : -Math.abs(value - want);
    }
    case "generation": {
      const [rouge1, rougeL] = rouge1L(gold.trim(), prediction.trim(), convention);
      return task.metric === "rouge1" ? rouge1 : rougeL;
    }
  }
}

/**
 * What ROUGE counts in a task, in rewards, filters and scores alike: rouge_score's words for English, characters for
 * Chinese, TagPR's own words for every other language.
 */
export function conventionOf({ language }: Pick<Task, "language">): Convention {
  const base = baseLanguage(language);
  return base === "en" ? "english" : base === "zh" ? "char" : "words";
}

function metrics(task: Task, pairs: readonly Pair[], convention: Convention): Metrics {
  switch (task.kind) {
    case "classification":
      return { ...classification(task.labels, pairs) };
    case "ordinal": {
      const read = pairs.map((pair) => grades(task, pair));
      return {
        ...regression(
          read.map(([value]) => value),
          read.map(([, gold]) => gold),
        ),
      };
    }
    case "generation": {
      const scores = pairs.map(({ prediction, gold }) => rouge1L(gold.trim(), prediction.trim(), convention));
      const mean = (i: 0 | 1) => scores.reduce((sum, s) => sum + s[i], 0) / scores.length;
      return { rouge1: mean(0), rougeL: mean(1) };
    }
  }
}

/** Prediction and gold as numbers. An infinite or NaN prediction, on which the official code raises, is unreadable. */
export function grades(task: Task, { prediction, gold }: Pair): [number, number] {
  const want = Number(gold.trim());
  if (gold.trim() === "" || Number.isNaN(want))
    throw new TagprError("data", `the gold ${JSON.stringify(gold)} of ${task.name} is no number`, {
      hint: `Golds are one of ${task.labels.join(", ")}.`,
    });
  const [low, high] = [Number(task.labels[0]), Number(task.labels.at(-1))];
  const value = readScore(prediction, want, low, high);
  return [Number.isFinite(value) ? value : readScore("", want, low, high), want];
}
