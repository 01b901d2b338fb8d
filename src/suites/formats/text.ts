import stringWidth from "string-width";
import { guardCell } from "../../core/printable.ts";
import type { Shown, Table } from "../shown.ts";
import { caseText } from "./case-text.ts";
import { shownText, signOf } from "./marks.ts";

/** Tables and sentences for a terminal: `*` the best of a column, `+` the second. */
export function textOf({ tables, says, cases = [] }: Shown, redact: boolean): string {
  return [
    ...says,
    "",
    ...cases.flatMap((one) => caseText(one, redact)),
    ...tables.flatMap((table) => [...tableText(table, redact), ""]),
  ].join("\n");
}

const RANKS = { 1: "*", 2: "+" } as const;

function tableText({ caption, head, columns, rows, notes }: Table, redact: boolean): string[] {
  const grouped = columns.some(({ group }) => group !== undefined);
  const groups = columns.map(({ group }, c) => (group !== undefined && group !== columns[c - 1]?.group ? group : ""));
  const cells = rows.map(({ label, entries }) => [
    guardCell(label),
    // A sign behind a number must not make a text of it that is guarded.
    ...entries.map(
      (one) => `${guardCell(shownText(one, redact))}${signOf(one)}${one.rank === undefined ? "" : RANKS[one.rank]}`,
    ),
  ]);
  const left = [true, ...columns.map(({ text }) => text === true)];
  const all = [
    ...(grouped ? [["", ...groups.map(guardCell)]] : []),
    [head, ...columns.map((column) => column.head)].map(guardCell),
    ...cells,
  ];
  const lines = aligned(all, left, grouped ? 1 : 0);
  const heads = lines.slice(0, grouped ? 2 : 1);
  const body = lines.slice(heads.length).flatMap((line, r) => {
    const { group } = rows[r] ?? {};
    return group !== undefined && group !== rows[r - 1]?.group ? [`  ${group}`, line] : [line];
  });
  return [caption, ...heads, ...body, ...notes.map((note) => `  ${note}`)];
}

/** Columns of equal width. A heading of the first `free` lines may be as wide as the columns of its group, so it widens none. */
function aligned(cells: readonly (readonly string[])[], left: readonly boolean[], free: number): string[] {
  const widths = left.map((_, c) => Math.max(...cells.slice(free).map((row) => stringWidth(row[c] ?? ""))));
  return cells.map((row, r) => {
    let line = "  ";
    for (const [c, width] of widths.entries()) {
      const text = row[c] ?? "";
      const gap = " ".repeat(Math.max(0, width - stringWidth(text)));
      if (r < free) line = text === "" ? line : `${line.trimEnd()} `.padEnd(starts(widths, c)) + text;
      else line += `${left[c] === true ? text + gap : gap + text}   `;
    }
    return line.trimEnd();
  });
}

const starts = (widths: readonly number[], column: number): number =>
  2 + widths.slice(0, column).reduce((sum, width) => sum + width + 3, 0);
