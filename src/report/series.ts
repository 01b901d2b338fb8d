import type { Series } from "./plots/curves.ts";
import { numberOf, type Row } from "./read-run.ts";

/** Value at a dotted path of a row: `reward.verifiable` is a nested field, or a field with that very name. */
export function at(row: Row, path: string): number | null {
  const own = numberOf(row[path]);
  if (own !== null) return own;
  let value: unknown = row;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return null;
    value = (value as Row)[key];
  }
  return numberOf(value);
}

/** The points of a field over steps; rows without it are left out. */
export function points(rows: readonly Row[], path: string, x = "step"): [number, number][] {
  return rows.flatMap((row) => {
    const [step, value] = [at(row, x), at(row, path)];
    return step === null || value === null ? [] : [[step, value] as [number, number]];
  });
}

export const ofKind = (rows: readonly Row[], ...kinds: readonly string[]): Row[] =>
  rows.filter((row) => kinds.includes(String(row.kind)));

/** First and last value of a curve, for a reader who can't see it. */
export function inWords(series: readonly Series[], format: (value: number) => string): string {
  return series
    .flatMap(({ name, points: p }) => {
      const [first, last] = [p[0], p.at(-1)];
      return first === undefined || last === undefined
        ? []
        : [`${name} from ${format(first[1])} at step ${first[0]} to ${format(last[1])} at step ${last[0]}`];
    })
    .join("; ");
}
