import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import { labelIndex } from "./classification.ts";
import { readScore } from "./regression.ts";
import { type Convention, rouge1L } from "./rouge.ts";

export interface Pair {
  /** The answer, as it would stand in a predictions file; "" where a strict reading found none. */
  readonly prediction: string;
  /** The true answer; with several, the first. */
  readonly gold: string;
  /**
   * Further true answers. The best one counts: for ROUGE metric by metric, as rouge_score's `score_multi` has it; a label
   * equal to any is right; of grades the nearest.
   */
  readonly references?: readonly string[];
  /** The whole response, where there is one: the lenient reading starts from it rather than from `prediction`. */
  readonly response?: string;
  /** Free text read leniently: the prediction as it stands, which counts wherever it scores better. */
  readonly asItStands?: string;
}

const golds = ({ gold, references = [] }: Pair): readonly string[] => [gold, ...references];

/** Positions of prediction and gold in the labels; of several golds the one that was answered, else the first. */
export function labelsOf(task: Task, pair: Pair): readonly [answer: number, want: number] {
  const answer = labelIndex(task.labels, pair.prediction);
  const wanted = golds(pair).map((gold) => labelIndex(task.labels, gold));
  return [answer, wanted.includes(answer) ? answer : (wanted[0] ?? -1)];
}

/**
 * Prediction and gold as numbers, of several golds the nearest. An infinite or NaN prediction, on which the official code
 * raises, is unreadable.
 */
export function grades(task: Task, pair: Pair): readonly [value: number, want: number] {
  return golds(pair)
    .map((gold) => gradesOf(task, pair.prediction, gold))
    .reduce((best, one) => (Math.abs(one[0] - one[1]) < Math.abs(best[0] - best[1]) ? one : best));
}

function gradesOf(task: Task, prediction: string, gold: string): readonly [number, number] {
  const want = Number(gold.trim());
  if (gold.trim() === "" || Number.isNaN(want))
    throw new TagprError("data", `the gold ${JSON.stringify(gold)} of ${task.name} is no number`, {
      hint: `Golds are one of ${task.labels.join(", ")}.`,
    });
  const [low, high] = [Number(task.labels[0]), Number(task.labels.at(-1))];
  const value = readScore(prediction, want, low, high);
  return [Number.isFinite(value) ? value : readScore("", want, low, high), want];
}

/** F of ROUGE-1 and ROUGE-L, each the best over golds (and over both forms of a prediction read leniently). */
export function rougeOf(pair: Pair, convention: Convention): readonly [rouge1: number, rougeL: number] {
  const said = pair.asItStands === undefined ? [pair.prediction] : [pair.prediction, pair.asItStands];
  let best: readonly [number, number] = [0, 0];
  for (const gold of golds(pair))
    for (const text of said) {
      const [rouge1, rougeL] = rouge1L(gold.trim(), text.trim(), convention);
      best = [Math.max(best[0], rouge1), Math.max(best[1], rougeL)];
    }
  return best;
}
