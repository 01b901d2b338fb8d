import type { Row } from "./options.ts";

/** What pandas reads as a missing value, and writes as one; `NaT` and `<NA>` too. */
const MISSING: ReadonlySet<string> = new Set([
  ...["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"],
  ...["NULL", "NaN", "NaT", "None", "n/a", "nan", "null"],
]);

/** Whether a text says that there is no value: blank, or one of pandas' words for it. */
export const isMissing = (text: string): boolean => MISSING.has(text.trim());

/**
 * A value as text; null where it is missing (absent, null, NaN, blank or a word for it), or no text: an object, bytes. A list of
 * plain values is their texts, a line each.
 */
export function textOf(value: unknown): string | null {
  const text = written(value);
  return text === null || isMissing(text) ? null : text;
}

/** A value as text, words for nothing included. */
export function written(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : null;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (!Array.isArray(value)) return null;
  const texts = value.map((one) => (Array.isArray(one) ? null : textOf(one)));
  return texts.length > 0 && texts.every((text) => text !== null) ? texts.join("\n") : null;
}

/** A cell of a row by the name of its column; `user.id` is the column `id` within `user` where there is none of that whole name. */
export function valueIn(row: Row, column: string): unknown {
  if (Object.hasOwn(row, column)) return row[column];
  for (let dot = column.indexOf("."); dot > 0; dot = column.indexOf(".", dot + 1)) {
    const head = column.slice(0, dot);
    const inner: unknown = Object.hasOwn(row, head) ? row[head] : undefined;
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner))
      return valueIn(inner as Row, column.slice(dot + 1));
  }
  return undefined;
}

/** {@link textOf} of a cell. */
export const cellOf = (row: Row, column: string): string | null => textOf(valueIn(row, column));
