import { pythonFloat } from "../core/python.ts";

export interface RegressionScore {
  readonly mae: number;
  readonly mse: number;
  readonly rmse: number;
}

/**
 * A prediction as LaMP-3 reads it: Python's float, neither clipped nor rounded; where that fails, the end of the scale
 * farther from gold (the upper end from the middle).
 */
export function readScore(prediction: string, gold: number, low: number, high: number): number {
  return pythonFloat(prediction) ?? (Math.abs(low - gold) > Math.abs(high - gold) ? low : high);
}

/** Mean absolute and squared error of `values` against `golds`, and the root of the latter. */
export function regression(values: readonly number[], golds: readonly number[]): RegressionScore {
  const errors = values.map((value, i) => value - (golds[i] ?? Number.NaN));
  const mae = errors.reduce((sum, e) => sum + Math.abs(e), 0) / errors.length;
  const mse = errors.reduce((sum, e) => sum + e * e, 0) / errors.length;
  return { mae, mse, rmse: Math.sqrt(mse) };
}
