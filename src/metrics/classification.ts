import { pythonStrip } from "../retrieval/text.ts";

export interface ClassificationScore {
  readonly accuracy: number;
  /** Mean F1 over all labels, those that never occur counting 0 (scikit-learn's macro with every label listed). */
  readonly f1_macro: number;
}

/** Position in the official label list after trimming, −1 if it is none of them: no letter case, no substring. */
export function labelIndex(labels: readonly string[], text: string): number {
  return labels.indexOf(pythonStrip(text));
}

/**
 * LaMP-1 and 2: both sides mapped to label positions, then accuracy and macro-F1.
 * As officially, a gold outside of the labels is −1 too, and −1 equals −1.
 */
export function classification(
  labels: readonly string[],
  pairs: readonly { readonly prediction: string; readonly gold: string }[],
): ClassificationScore {
  const indices = pairs.map(
    ({ prediction, gold }) => [labelIndex(labels, prediction), labelIndex(labels, gold)] as const,
  );
  const equal = indices.filter(([p, g]) => p === g).length;
  const counts = labels.flatMap((_, label) => [
    indices.filter(([p, g]) => p === label && g === label).length,
    indices.filter(([p]) => p === label).length,
    indices.filter(([, g]) => g === label).length,
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
