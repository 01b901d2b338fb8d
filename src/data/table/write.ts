import { extname } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { guardDisk, writeAtomic, writeJsonl } from "../../core/jsonl.ts";
import type { Row } from "./options.ts";

/**
 * Writes rows as JSONL, CSV, TSV or Parquet, by the path's ending, all at once or not at all. In the flat formats a
 * nested value becomes its JSON text, and the columns are those of all rows, in order of appearance.
 */
export async function writeRows(path: string, rows: readonly Row[]): Promise<void> {
  switch (extname(path).toLowerCase()) {
    case ".jsonl":
    case ".ndjson":
      return writeJsonl(path, rows);
    case ".csv":
      return writeAtomic(path, separated(rows, ","));
    case ".tsv":
      return writeAtomic(path, separated(rows, "\t"));
    case ".parquet":
      return writeParquet(path, rows);
    default:
      throw new TagprError("usage", `${path}: unknown kind of table`, {
        hint: "Files end in .jsonl, .csv, .tsv or .parquet.",
      });
  }
}

const columnsOf = (rows: readonly Row[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

const flat = (value: unknown): string | number | boolean | null =>
  value === undefined || value === null
    ? null
    : typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? value
      : JSON.stringify(value);

function separated(rows: readonly Row[], delimiter: string): string {
  const columns = columnsOf(rows);
  const cell = (value: unknown): string => {
    const text = String(flat(value) ?? "");
    return /["\r\n\t,]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map(cell), ...rows.map((row) => columns.map((column) => cell(row[column])))];
  return lines.map((line) => `${line.join(delimiter)}\n`).join("");
}

async function writeParquet(path: string, rows: readonly Row[]): Promise<void> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = columnsOf(rows).map((name) => {
    const data = rows.map((row) => flat(row[name]));
    // Mixed columns become text: Parquet's columns have one type.
    const kinds = new Set(data.filter((value) => value !== null).map((value) => typeof value));
    if (kinds.size === 1 && kinds.has("number")) return { name, data: [...data], type: "DOUBLE" as const };
    if (kinds.size === 1 && kinds.has("boolean")) return { name, data: [...data], type: "BOOLEAN" as const };
    return { name, data: data.map((value) => (value === null ? null : String(value))), type: "STRING" as const };
  });
  const bytes = parquetWriteBuffer({ columnData });
  guardDisk(path, () => writeAtomic(path, new Uint8Array(bytes)));
}
