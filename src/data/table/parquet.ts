import { isUtf8 } from "node:buffer";
import type { FileMetaData, SchemaElement } from "hyparquet";
import { readFault } from "../../core/disk.ts";
import { TagprError } from "../../core/errors.ts";
import { refuseTwice } from "./header.ts";
import { rowOf } from "./options.ts";

/** Rows of a Parquet file, in slices, so that a large file never stands in memory whole. */
export async function* readParquet(path: string): AsyncGenerator<unknown> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const parsers = { stringFromBytes: textOrBytes };
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = columnsOf(metadata, (names) => refuseTwice(path, names));
    const total = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < total; rowStart += 5000) {
      const rowEnd = Math.min(rowStart + 5000, total);
      const rows = await parquetReadObjects({ file, metadata, compressors, parsers, rowStart, rowEnd });
      for (const row of rows) {
        const names = Object.keys(row).filter((name) => !/^__index_level_\d+__$/.test(name));
        yield rowOf(
          names,
          names.map((name) => plain(row[name], columns.get(name))),
        );
      }
    }
  } catch (error) {
    if (error instanceof TagprError) throw error;
    throw new TagprError("data", readFault(path, error), {
      hint: "Check the path, and that it is a Parquet file.",
      cause: error,
    });
  }
}

/** Bytes that are no text (pictures, say) stay bytes: no reader takes them for text. */
const textOrBytes = (bytes: Uint8Array | undefined): unknown =>
  bytes === undefined || !isUtf8(bytes) ? bytes : Buffer.from(bytes).toString("utf8");

/** What a column's numbers and dates are. */
interface ColumnType {
  /** Numbers of 32 bits. */
  readonly float: boolean;
  /** Digits behind the point of a decimal type. */
  readonly decimals: number | null;
  /** Days without a time. */
  readonly day: boolean;
  /** Times that are no instants: without a zone. */
  readonly local: boolean;
}

function columnsOf(
  { schema }: FileMetaData,
  refuse: (names: readonly string[]) => void,
): ReadonlyMap<string, ColumnType> {
  const columns = new Map<string, ColumnType>();
  const names: string[] = [];
  // The schema is a tree, written depth first: each element says how many follow below it.
  let at = 1;
  const leaves = (): SchemaElement[] => {
    const element = schema[at++];
    if (element === undefined) return [];
    const children = element.num_children ?? 0;
    return children === 0 ? [element] : Array.from({ length: children }, leaves).flat();
  };
  while (at < schema.length) {
    const name = schema[at]?.name ?? "";
    names.push(name);
    const own = leaves();
    columns.set(name, {
      float: own.some(({ type }) => type === "FLOAT") && !own.some(({ type }) => type === "DOUBLE"),
      decimals: own.every(({ converted_type }) => converted_type === "DECIMAL") ? (own[0]?.scale ?? 0) : null,
      day: own.some(({ converted_type, logical_type }) => converted_type === "DATE" || logical_type?.type === "DATE"),
      local: own.some(({ logical_type }) => logical_type?.type === "TIMESTAMP" && !logical_type.isAdjustedToUTC),
    });
  }
  refuse(names);
  return columns;
}

/** Parquet's values as JSON has them; an integer that a number can't hold is kept as its digits. */
function plain(value: unknown, type: ColumnType | undefined): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number")
    return type?.float === true
      ? shortest(value)
      : typeof type?.decimals === "number"
        ? Number(value.toFixed(type.decimals))
        : value;
  if (value instanceof Date) return dateText(value, type);
  if (Array.isArray(value)) return value.map((one) => plain(one, type));
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return rowOf(
      Object.keys(value),
      Object.values(value).map((one) => plain(one, type)),
    );
  return value;
}

function dateText(value: Date, type: ColumnType | undefined): string | null {
  if (Number.isNaN(value.getTime())) return null;
  const text = value.toISOString();
  if (type?.day === true) return text.slice(0, 10);
  const plain = text.replace(/\.000Z$/, "Z");
  return type?.local === true ? plain.slice(0, -1) : plain;
}

/** The shortest number that a 32-bit float is written as: 3.7, not 3.700000047683716. */
function shortest(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
