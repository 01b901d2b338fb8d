import { pythonStrip } from "../retrieval/text.ts";

export interface RegressionScore {
  readonly mae: number;
  readonly mse: number;
  readonly rmse: number;
}

/**
 * Python's `float(text)`: white space around, digits of any script, underscores between digits, `inf` and `nan` in any
 * case; null where Python raises.
 */
export function pythonFloat(text: string): number | null {
  const plain = asciiDigits(pythonStrip(text)).toLowerCase();
  const word = /^([+-]?)(inf|infinity|nan)$/.exec(plain);
  if (word !== null) return word[2] === "nan" ? Number.NaN : word[1] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/.test(plain)) return null;
  return Number(plain.replaceAll("_", ""));
}

/** Unicode's decimal digits stand in runs of ten from zero up. */
function asciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let zero = code;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((code - zero) % 10);
  });
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
