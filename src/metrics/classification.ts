import { pythonStrip } from "../core/python.ts";
import { sameText } from "../prompts/answer.ts";

export interface ClassificationScore {
  readonly accuracy: number;
  /** Mean F1 over all labels, those that never occur counting 0 (scikit-learn's macro with every label listed). */
  readonly f1_macro: number;
}

/**
 * Position in the official label list after trimming, −1 if it is none of them: no letter case, no substring. Both sides
 * in Unicode's NFC, which changes nothing for LaMP's labels and makes equal what other systems compose otherwise.
 */
export function labelIndex(labels: readonly string[], text: string): number {
  const stripped = pythonStrip(text);
  return labels.findIndex((label) => sameText(label, stripped));
}

/**
 * LaMP-1 and 2: accuracy and macro-F1 of both sides' label positions (`labelIndex`).
 * As officially, a gold outside of the labels is −1 too, and −1 equals −1.
 */
export function classification(
  labels: readonly string[],
  pairs: readonly (readonly [answer: number, gold: number])[],
): ClassificationScore {
  const equal = pairs.filter(([p, g]) => p === g).length;
  const counts = labels.flatMap((_, label) => [
    pairs.filter(([p, g]) => p === label && g === label).length,
    pairs.filter(([p]) => p === label).length,
    pairs.filter(([, g]) => g === label).length,
  ]);
  return { accuracy: equal / pairs.length, f1_macro: macroF1(labels.length, counts) };
}

/** Macro-F1 over `labels` labels from three counts a label, one label after another: hits, times answered, times gold. */
export function macroF1(labels: number, counts: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < labels; k++) {
    const [hits = 0, answered = 0, gold = 0] = counts.slice(3 * k, 3 * k + 3);
    sum += answered + gold === 0 ? 0 : (2 * hits) / (answered + gold);
  }
  return sum / labels;
}
