import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { TableOptions } from "../../../data/table/options.ts";
import { isTimeFormat } from "../../../data/task-file.ts";
import type { Io } from "../../io.ts";

/** Flags of commands that read a person's own table: what is not given is found in the file. */
export const ENCODING = new Option(
  "--encoding <name>",
  "a table's encoding, e.g. gb18030, windows-1252 (default: found)",
);
export const DELIMITER = new Option(
  "--delimiter <text>",
  'what parts the cells: ";", "|", "::", tab (default: found)',
).argParser((text: string): string => (text === "tab" || text === "\\t" ? "\t" : nonEmpty(text)));
export const COLUMNS = new Option(
  "--columns <names>",
  "names of the columns of a table without a header, comma-separated",
).argParser((text: string): string[] => text.split(",").map((name) => nonEmpty(name.trim())));
export const HEADER = new Option("--header", "the first row is the header, though it looks like data");
export const DATE_FORMAT = new Option(
  "--date-format <format>",
  "how dates are written, where that can't be told: d/M/yyyy, M/d/yyyy, seconds, excel, … (luxon's tokens)",
).argParser((text: string): string => {
  if (!isTimeFormat(text))
    throw new InvalidArgumentError("neither a unit (seconds, milliseconds, excel, …) nor a format with a year");
  return text;
});

function nonEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("empty");
  return text;
}

export interface TableFlags {
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly header?: boolean | undefined;
}

/** The flags as options of a reader that tells what it found on the terminal. */
export function tableOptions(io: Io, { encoding, delimiter, columns, header }: TableFlags): TableOptions {
  return {
    ...(encoding === undefined ? {} : { encoding }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(columns === undefined ? {} : { columns }),
    ...(header === undefined ? {} : { header }),
    onNote: (note) => io.err(`Note: ${note}\n`),
  };
}

/** The flags as they were typed, for the command that is proposed next. */
export function typedFlags({ encoding, delimiter, columns, header }: TableFlags): string {
  return [
    encoding === undefined ? "" : ` --encoding ${encoding}`,
    delimiter === undefined ? "" : ` --delimiter ${delimiter === "\t" ? "tab" : `'${delimiter}'`}`,
    columns === undefined ? "" : ` --columns '${columns.join(",")}'`,
    header === undefined ? "" : " --header",
  ].join("");
}
