import { TagprError } from "../../core/errors.ts";
import type { TableOptions } from "./options.ts";
import type { Dialect } from "./record.ts";
import { recordsOf } from "./records.ts";
import { type Line, linesOf, type TextFile } from "./text.ts";

const CANDIDATES = [",", ";", "\t", "|", "::"] as const;
const NAMES: Readonly<Record<string, string>> = { "\t": "a tab", ",": "a comma" };
/** Lines that the dialect is found in. */
const SAMPLE = 400;
/** Share of the rows that have as many cells as the first, for a delimiter to be believed. */
const REGULAR = 0.6;
/** What Excel writes above the header for itself: `sep=;`. */
const SEPARATOR = /^"?sep=(.|\\t)"?$/i;

/** How a delimited file is written, with its first records. */
export interface Found {
  /** What ends a line. */
  readonly end: number;
  /** Lines above the header. */
  readonly above: number;
  readonly dialect: Dialect;
  /** Cells of the records at its beginning. */
  readonly rows: readonly (readonly string[])[];
}

/** Finds line end, delimiter and quotes. `usual` is the delimiter that the file's ending promises. */
export async function findDialect(file: TextFile, usual: string, options: TableOptions): Promise<Found> {
  const { path } = file;
  const end = await lineEnd(file);
  const all = await firstLines(file, end);
  const said = SEPARATOR.exec(all[0]?.text ?? "")?.[1];
  const sample = said === undefined ? all : all.slice(1);
  if (sample.length === 0)
    throw new TagprError("data", `${path} is empty`, { hint: "Give a table with a header and rows." });
  const named = options.delimiter ?? (said === "\\t" ? "\t" : said);
  const delimiter = named ?? (await delimiterOf(path, sample, usual));
  if (delimiter !== usual && options.delimiter === undefined)
    options.onNote?.(`the cells are parted by ${NAMES[delimiter] ?? delimiter}`);
  const quoted = { delimiter, quotes: delimiter.length === 1, backslash: false };
  const rows = await cellsOf(path, sample, quoted);
  const above = said === undefined ? 0 : 1;
  const plain = delimiter === "\t" ? await unquoted(path, sample, rows.length) : null;
  if (plain === null) return { end, above, dialect: quoted, rows };
  options.onNote?.("quotes are text here, as in files whose tabs part all cells: none of them encloses a cell");
  return { end, above, dialect: { ...quoted, quotes: false }, rows: plain };
}

/** The records of a file with tabs whose quotes enclose nothing: every line is one, and by quotes some are none. */
async function unquoted(path: string, sample: readonly Line[], count: number) {
  const lines = sample.filter(({ text }) => text !== "");
  if (count === lines.length || !lines.some(({ text }) => text.includes('"'))) return null;
  const rows = await cellsOf(path, sample, { delimiter: "\t", quotes: false, backslash: false });
  return rows.length === lines.length ? rows : null;
}

/** Old Macintosh files end their lines with a carriage return alone. */
async function lineEnd(file: TextFile): Promise<number> {
  for await (const { text } of linesOf(file, () => {})) return text.includes("\r") && !text.includes('"') ? 0x0d : 0x0a;
  return 0x0a;
}

async function firstLines(file: TextFile, end: number): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of linesOf(file, () => {}, end)) {
    lines.push(line);
    if (lines.length === SAMPLE) break;
  }
  return lines;
}

async function cellsOf(path: string, lines: readonly Line[], dialect: Dialect): Promise<(readonly string[])[]> {
  const all: (readonly string[])[] = [];
  const source = (async function* () {
    yield* lines;
  })();
  const width = (): number | null => all[0]?.length ?? null;
  for await (const { cells } of recordsOf(source, { path, dialect, width, onProblem: () => {} })) all.push(cells);
  return all;
}

/** The delimiter by which most records of the sample have as many cells as the first one; of equals, the one with more cells. */
async function delimiterOf(path: string, sample: readonly Line[], usual: string): Promise<string> {
  const found: { delimiter: string; share: number; width: number }[] = [];
  const records = sample.filter(({ text }) => text !== "").length;
  for (const delimiter of new Set([usual, ...CANDIDATES])) {
    const rows = await cellsOf(path, sample, { delimiter, quotes: delimiter.length === 1, backslash: false });
    const width = rows[0]?.length ?? 0;
    if (width > 1) found.push({ delimiter, share: rows.length / records, width });
  }
  const best = Math.max(...found.map(({ share }) => share));
  // A cell of several lines is one record of many lines: the shares are of lines, and are compared with each other alone.
  const good = found
    .filter(({ share }) => share >= REGULAR * best)
    .sort((a, b) => b.share - a.share || b.width - a.width);
  const [first, second] = good;
  if (first === undefined)
    throw new TagprError(
      "data",
      `${path}: one column only, by every delimiter tried (, ; tab | ::); its first line is ${JSON.stringify(sample[0]?.text.slice(0, 60))}`,
      { hint: "Name the delimiter with --delimiter; if that line is no header, delete what stands above the header." },
    );
  // Widest wins only among those that fit as well: a comma within texts of a table with semicolons fits worse.
  return second !== undefined && second.share > 0.95 * first.share && second.width > first.width
    ? second.delimiter
    : first.delimiter;
}
