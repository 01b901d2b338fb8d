import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { TagprError } from "../core/errors.ts";
import { isObject } from "./lamp/record.ts";
import { report } from "./problem.ts";
import { plainBytes } from "./table/bytes.ts";
import { readDelimited } from "./table/delimited.ts";
import { encodingOf, namedEncoding } from "./table/encoding.ts";
import { readJsonTable } from "./table/json.ts";
import { type Row, rowOf, type TableOptions } from "./table/options.ts";
import { readParquet } from "./table/parquet.ts";
import type { TextFile } from "./table/text.ts";

const FORMATS = ".jsonl, .ndjson, .json, .csv, .tsv, .txt, .dat or .parquet, packed as .gz or .zst too";
/** The delimiter that an ending promises; another that is found is told. */
const USUAL: Readonly<Record<string, string>> = { ".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t", ".dat": "::" };

/**
 * Rows of a JSONL, JSON, CSV, TSV or Parquet file, by its ending, one at a time; gzip and zstd are unpacked. Encoding,
 * delimiter and form are found where `options` don't name them. Errors name the file and the place.
 */
export async function* readRows(path: string, options: TableOptions = {}): AsyncGenerator<Row> {
  let number = 0;
  for await (const value of valuesOf(path, options)) {
    number++;
    const { columns } = options;
    if (isObject(value)) yield value;
    else if (Array.isArray(value) && columns !== undefined && value.length === columns.length)
      yield rowOf(columns, value);
    else
      report(options.onProblem, {
        place: `${path}: row ${number}`,
        kind: Array.isArray(value) ? "a list, no object" : "no object",
        hint: "Each row is {column: value}; columns of lists are named with --columns a,b,c, as many as a list has values.",
      });
  }
}

/** Rows of several files, one file after another. */
export async function* readAllRows(paths: readonly string[], options: TableOptions = {}): AsyncGenerator<Row> {
  for (const path of paths) yield* readRows(path, options);
}

async function* valuesOf(path: string, options: TableOptions): AsyncGenerator<unknown> {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.isDirectory())
    throw new TagprError("data", there === undefined ? `no file ${path}` : `${path} is a folder, not a file`, {
      hint: `Check the path. Files end in ${FORMATS}.`,
    });
  const name = basename(path).replace(/\.(gz|zst)$/i, "");
  const ending = extname(name).toLowerCase();
  if (ending === ".parquet") {
    if (name !== basename(path))
      throw new TagprError("usage", `${path}: unpack it first`, { hint: "Parquet packs its own columns." });
    return yield* readParquet(path);
  }
  const content = await contentOf(path);
  if (content === "Parquet") {
    options.onNote?.("it is a Parquet file, whatever its name says");
    return yield* readParquet(path);
  }
  const usual = USUAL[ending];
  if (usual === undefined && ![".jsonl", ".ndjson", ".json"].includes(ending))
    throw new TagprError("usage", `${path}: unknown kind of table`, { hint: `Files end in ${FORMATS}.` });
  const file = await textFile(path, options);
  if (usual !== undefined && content === "JSON" && options.delimiter === undefined) {
    options.onNote?.("it is JSON, whatever its name says");
    return yield* readJsonTable(file, options);
  }
  yield* usual === undefined ? readJsonTable(file, options) : readDelimited(file, usual, options);
}

/** What a file's first bytes say that its ending need not. */
async function contentOf(path: string): Promise<"Parquet" | "JSON" | null> {
  for await (const bytes of plainBytes(path)) {
    const head = bytes.subarray(0, 256).toString("latin1");
    if (head.startsWith("PAR1")) return "Parquet";
    return /^(?:\xef\xbb\xbf)?\s*(?:\[\s*[[{]|\{\s*"(?:[^"\\]|\\.)*"\s*:)/.test(head) ? "JSON" : null;
  }
  return null;
}

async function textFile(path: string, { encoding, onNote }: TableOptions): Promise<TextFile> {
  const own = encoding === undefined ? await encodingOf(path) : namedEncoding(encoding);
  if (own.guessed) onNote?.(`its bytes are read as ${own.name}, a guess (--encoding names another)`);
  return { path, encoding: own };
}
