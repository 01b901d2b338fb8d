import { createReadStream, statSync } from "node:fs";
import { extname } from "node:path";
import { parse } from "csv-parse";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import { guardDisk, streamJsonl, writeAtomic, writeJsonl } from "../core/jsonl.ts";
import { isObject } from "./lamp/record.ts";
import { scanRecords } from "./lamp/scan.ts";

/** One record of a person's own table: a value by column name. */
export type Row = Readonly<Record<string, unknown>>;

const FORMATS = ".jsonl, .ndjson, .json, .csv, .tsv or .parquet";

/** Rows of a JSONL, JSON, CSV, TSV or Parquet file, by its ending, one at a time. Errors name the file and the place. */
export async function* readRows(path: string): AsyncGenerator<Row> {
  let number = 0;
  for await (const value of valuesOf(path)) {
    number++;
    if (!isObject(value))
      throw new TagprError("data", `${path}: row ${number} is no object`, { hint: "Each row is {column: value}." });
    yield value;
  }
}

/** Rows of several files, one file after another. */
export async function* readAllRows(paths: readonly string[]): AsyncGenerator<Row> {
  for (const path of paths) yield* readRows(path);
}

async function* valuesOf(path: string): AsyncGenerator<unknown> {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.isDirectory())
    throw new TagprError("data", there === undefined ? `no file ${path}` : `${path} is a folder, not a file`, {
      hint: `Check the path. Files end in ${FORMATS}.`,
    });
  switch (extname(path).toLowerCase()) {
    case ".jsonl":
    case ".ndjson":
      return yield* streamJsonl<unknown>(path);
    case ".json":
      for await (const { value } of scanRecords(path)) yield value;
      return;
    case ".csv":
      return yield* readCsv(path, ",");
    case ".tsv":
      return yield* readCsv(path, "\t");
    case ".parquet":
      return yield* readParquet(path);
    default:
      throw new TagprError("usage", `${path}: unknown kind of table`, { hint: `Files end in ${FORMATS}.` });
  }
}

async function* readCsv(path: string, delimiter: string): AsyncGenerator<unknown> {
  const parser = parse({ columns: true, bom: true, delimiter, skip_empty_lines: true });
  const source = createReadStream(path);
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    yield* parser;
  } catch (error) {
    throw new TagprError("data", readFault(path, error), {
      hint: "Check the path, and that every row has the header's columns and its quotes are closed.",
      cause: error,
    });
  }
}

/** Read in slices of rows, so that a large file never stands in memory whole. */
async function* readParquet(path: string): AsyncGenerator<unknown> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const total = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < total; rowStart += 5000) {
      const rowEnd = Math.min(rowStart + 5000, total);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      for (const row of rows) yield Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plain(value)]));
    }
  } catch (error) {
    throw new TagprError("data", readFault(path, error), {
      hint: "Check the path, and that it is a Parquet file.",
      cause: error,
    });
  }
}

/** Parquet's 64-bit integers and dates as JSON has them; an integer that a number can't hold is kept as its digits. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  return value;
}

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
