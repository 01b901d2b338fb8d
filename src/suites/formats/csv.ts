import type { Entry, Table } from "../shown.ts";
import { shownText } from "./marks.ts";

/** A table as CSV (RFC 4180), numbers in full; where a column has intervals, they and the corrected p-values stand behind it. */
export function csvOf({ head, columns, rows }: Table, redact: boolean): string {
  const wide = columns.map((_, c) => rows.some(({ entries }) => isNumber(entries[c]?.low)));
  const names = columns.flatMap(({ head: own, group }, c) => {
    const name = group === undefined ? own : `${group} ${own}`;
    return wide[c] === true ? [name, ...["low", "high", "p"].map((end) => `${name} ${end}`)] : [name];
  });
  const lines = rows.map(({ label, group, entries }) => [
    group ?? "",
    label,
    ...columns.flatMap((_, c) => cells(entries[c], wide[c] === true, redact)),
  ]);
  return [["group", head, ...names], ...lines].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

const isNumber = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

function cells(entry: Entry | undefined, wide: boolean, redact: boolean): string[] {
  if (entry === undefined) return wide ? ["", "", "", ""] : [""];
  const own = isNumber(entry.value) ? String(entry.value) : shownText(entry, redact).replace(/^–$/, "");
  const number = (value: number | null | undefined): string => (isNumber(value) ? String(value) : "");
  return wide ? [own, number(entry.low), number(entry.high), number(entry.p)] : [own];
}

/** A text that a spreadsheet would take for a formula begins with an apostrophe there; numbers stay numbers. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
