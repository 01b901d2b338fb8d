import type { Entry } from "./shown.ts";

/** A column's entries with the best and the second marked, by their numbers as they are shown: equal texts are ties. */
export function ranked(column: readonly Entry[], higherIsBetter: boolean): Entry[] {
  const shown = column.map(({ text, value }) => (value === undefined || value === null ? Number.NaN : parsed(text)));
  const places = [...new Set(shown.filter((value) => !Number.isNaN(value)))].sort((a, b) =>
    higherIsBetter ? b - a : a - b,
  );
  // Where all are equal nothing is best.
  if (places.length < 2) return [...column];
  return column.map((one, i) => {
    const place = places.indexOf(shown[i] ?? Number.NaN);
    return place === 0 ? { ...one, rank: 1 as const } : place === 1 ? { ...one, rank: 2 as const } : one;
  });
}

const parsed = (text: string): number => Number(text.replace("−", "-"));
