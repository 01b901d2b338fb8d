import { TagprError } from "../core/errors.ts";
import { baseLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";
import { readLeniently, readOfficially } from "../prompts/lenient.ts";
import { classification } from "./classification.ts";
import { grades, labelsOf, type Pair, rougeOf } from "./pairs.ts";
import { regression } from "./regression.ts";
import type { Convention } from "./rouge.ts";

export type MetricName = "accuracy" | "f1_macro" | "mae" | "mse" | "rmse" | "rouge1" | "rougeL";
/** Classification: accuracy and f1_macro; ordinal: mae, mse, rmse; generation: rouge1 and rougeL (mean F). */
export type Metrics = Readonly<Partial<Record<MetricName, number>>>;

export interface Score {
  readonly n: number;
  /** Which tokens ROUGE counted; null for tasks without ROUGE. */
  readonly convention: Convention | null;
  /** How many queries have several true answers, of which the best counts, and the most that one has; absent without any. */
  readonly references?: { readonly queries: number; readonly most: number };
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
    ...referencesOf(pairs),
    official: metrics(task, pairs, convention),
    lenient: metrics(task, lenient, convention),
  };
}

function referencesOf(pairs: readonly Pair[]): Pick<Score, "references"> {
  const several = pairs.flatMap(({ references = [] }) => (references.length === 0 ? [] : [1 + references.length]));
  if (several.length === 0) return {};
  return { references: { queries: several.length, most: several.reduce((a, b) => Math.max(a, b)) } };
}

/**
 * The same pairs as they stand, and with the answers that the lenient reading finds. The lenient one never scores a text
 * worse than the official one: what that can read is kept as it stands, and free text counts in the better of both forms.
 * (Macro-F1 of a whole set can fall all the same: a wrong label found where officially none was is a false positive.)
 */
export function readingsOf(
  task: Task,
  pairs: readonly Pair[],
): { readonly official: readonly Pair[]; readonly lenient: readonly Pair[] } {
  const lenient = pairs.map(({ response, ...pair }): Pair => {
    const { prediction } = pair;
    // To LaMP's evaluation a gold that is no label equals every answer that is none: such a query tells nothing.
    if (task.kind === "classification" && labelsOf(task, { ...pair, prediction: "" })[1] < 0) return pair;
    const read = readOfficially(prediction, task) ?? readLeniently(response ?? prediction, task);
    return { ...pair, prediction: read, ...(task.kind === "generation" ? { asItStands: prediction } : {}) };
  });
  return { official: pairs, lenient };
}

/**
 * Score of one prediction under the task's headline metric, higher is better: 1 or 0 for a label (also where the
 * headline is macro-F1, which no single answer has), the negated absolute error (squared where the headline is RMSE),
 * ROUGE F. Means of it are what paired intervals compare.
 */
export function exampleScore(task: Task, prediction: string, gold: string, convention = conventionOf(task)): number {
  return pairScore(task, { prediction, gold }, convention);
}

function pairScore(task: Task, pair: Pair, convention: Convention): number {
  switch (task.kind) {
    case "classification": {
      const [answer, want] = labelsOf(task, pair);
      return answer === want ? 1 : 0;
    }
    case "ordinal": {
      const [value, want] = grades(task, pair);
      return task.metric === "rmse" ? -((value - want) ** 2) : -Math.abs(value - want);
    }
    case "generation": {
      const [rouge1, rougeL] = rougeOf(pair, convention);
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
      return {
        ...classification(
          task.labels,
          pairs.map((pair) => labelsOf(task, pair)),
        ),
      };
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
      const scores = pairs.map((pair) => rougeOf(pair, convention));
      const mean = (i: 0 | 1) => scores.reduce((sum, s) => sum + s[i], 0) / scores.length;
      return { rouge1: mean(0), rougeL: mean(1) };
    }
  }
}
