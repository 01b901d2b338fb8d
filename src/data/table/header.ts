import { TagprError } from "../../core/errors.ts";
import { nearest } from "../../core/yaml-file.ts";

/** Which cells of a record become columns, under which names. */
export interface Header {
  readonly names: readonly string[];
  /** Indexes of the cells, as many as there are names. */
  readonly cells: readonly number[];
  readonly notes: readonly string[];
}

/** Numbers and numeric dates: what a person gives no column as its name. */
const VALUE = /^[-+]?[.,/:-]*\d[\d.,/:T Z+-]*$/;

/** Why the first row is data and no header, or null. `rows` are the ones behind it. */
export function dataNotHeader(first: readonly string[], rows: readonly (readonly string[])[]): string | null {
  for (const [i, cell] of first.entries()) {
    const column = rows.map((row) => row[i] ?? "").filter((value) => value !== "");
    if (VALUE.test(cell) && column.length > 0 && column.filter((value) => VALUE.test(value)).length > column.length / 2)
      return `${JSON.stringify(cell)} is a value like those below it`;
    // The header once more, as joined files have it, is no sign.
    const again = rows.filter((row) => row[i] === cell && row.some((value, j) => value !== first[j]));
    if (cell !== "" && again.length > 1) return `${JSON.stringify(cell)} stands in rows below it too`;
  }
  return null;
}

/**
 * Columns by the header row. Two of one name are refused: one of them would be lost. A column without a name is left out
 * and told, such as the index that pandas writes in front.
 */
export function headerOf(path: string, first: readonly string[], rows: readonly (readonly string[])[]): Header {
  const nameless = first.filter((name, i) => name.trim() === "" && rows.some((row) => (row[i] ?? "") !== ""));
  if (2 * nameless.length > first.length)
    throw new TagprError(
      "data",
      `${path}: its first line, ${JSON.stringify(first.join(" ").trim())}, names ${first.length - nameless.length} of ${first.length} columns`,
      { hint: "Delete the lines above the header, or name the columns with --columns." },
    );
  const notes: string[] = [];
  const cells: number[] = [];
  for (const [i, name] of first.entries()) {
    if (i === 0 && /^(Unnamed: 0)?$/.test(name) && rows.length > 0 && rows.every((row) => /^\d+$/.test(row[0] ?? "")))
      notes.push("the first column has no name and counts the rows (pandas' index): it is left out");
    else if (name.trim() !== "") cells.push(i);
    else if (rows.some((row) => (row[i] ?? "") !== ""))
      notes.push(`column ${i + 1} has no name: it is left out (name the columns with --columns)`);
  }
  const names = cells.map((i) => first[i] ?? "");
  refuseTwice(path, names);
  return { names, cells, notes };
}

/** Two columns of one name: a row could hold only one of them. */
export function refuseTwice(path: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new TagprError("data", `${path}: two columns are called ${JSON.stringify(twice)}`, {
      hint: "Rename one of them: only one could be read.",
    });
}

/** `, did you mean X?` for a column that is not there. */
export function meant(column: string, columns: readonly string[]): string {
  const near = nearest(column, columns);
  return near === undefined ? `the columns are ${columns.join(", ")}` : `did you mean ${near}?`;
}
