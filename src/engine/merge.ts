import type { LossResult } from "./types.ts";

type Reduce = (values: readonly number[], weights: readonly number[]) => number;

const total = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0);
const mean: Reduce = (values, weights) => {
  const all = total(weights);
  return all === 0 ? total(values) / values.length : total(values.map((v, i) => v * (weights[i] ?? 0))) / all;
};

/** How the parts of a metric become one, by the word behind the colon of `name:reduction` (the SDK's rules). */
const REDUCTIONS: Readonly<Record<string, Reduce>> = {
  sum: total,
  mean,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  slack: (values, weights) => Math.max(...values) - mean(values, weights),
};

/**
 * The results of the parts of one request as one result: outputs in order, metrics by their reduction, means weighted
 * by datums. What a part lacks, or an unknown reduction, is left out.
 */
export function mergeResults(parts: readonly LossResult[]): LossResult {
  const [first] = parts;
  if (first === undefined) return { outputs: [], metrics: {} };
  if (parts.length === 1) return first;
  const weights = parts.map((part) => part.outputs.length);
  const metrics: Record<string, number> = {};
  for (const name of Object.keys(first.metrics)) {
    const reduce = REDUCTIONS[name.slice(name.lastIndexOf(":") + 1)];
    const values = parts.flatMap((part) => part.metrics[name] ?? []);
    if (reduce !== undefined && values.length === parts.length) metrics[name] = reduce(values, weights);
  }
  return { outputs: parts.flatMap((part) => part.outputs), metrics };
}
