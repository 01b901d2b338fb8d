import { TagprError } from "../../core/errors.ts";
import { dataNotHeader, headerOf } from "./header.ts";
import { type Row, rowOf, type TableOptions } from "./options.ts";
import type { Dialect } from "./record.ts";
import { recordsOf } from "./records.ts";
import { type Line, linesOf, type TextFile } from "./text.ts";

const CANDIDATES = [",", ";", "\t", "|", "::"] as const;
const NAMES: Readonly<Record<string, string>> = { "\t": "a tab", ",": "a comma" };
/** Lines that delimiter and header are found in. */
const SAMPLE = 400;
/** Share of the rows that have as many cells as the first, for a delimiter to be believed. */
const REGULAR = 0.6;

/** Rows of a CSV, TSV or the like. `usual` is the delimiter that the file's ending promises. */
export async function* readDelimited(file: TextFile, usual: string, options: TableOptions): AsyncGenerator<Row> {
  const { path } = file;
  const { onProblem, onNote } = options;
  const end = await lineEnd(file);
  const sample = await firstLines(file, end);
  if (sample.length === 0)
    throw new TagprError("data", `${path} is empty`, { hint: "Give a table with a header and rows." });
  const delimiter = options.delimiter ?? (await delimiterOf(path, sample, usual));
  if (delimiter !== usual && options.delimiter === undefined)
    onNote?.(`the cells are parted by ${NAMES[delimiter] ?? delimiter}`);
  const [first = [], ...rows] = await cellsOf(path, sample, delimiter);
  // A space behind every delimiter, in the header and below it, belongs to no cell.
  const spaced =
    first.length > 1 &&
    [first, ...rows].every((cells) => cells.slice(1).every((cell) => cell === "" || /^ \S/.test(cell)));
  const trim = (cells: readonly string[]) => (spaced ? cells.map((cell) => cell.trimStart()) : cells);
  const header = columnsOf(path, trim(first), rows.map(trim), options);
  for (const note of header.notes) onNote?.(note);
  const named = options.columns === undefined;
  let [seen, repeated] = [0, 0];
  const records = recordsOf(linesOf(file, onProblem, end), {
    ...{ path, dialect: dialectOf(delimiter), onProblem, onNote },
    width: () => (named && seen === 0 ? null : first.length),
  });
  for await (const { cells } of records) {
    const isHeader = named && (seen === 0 || (cells[0] === first[0] && cells.every((cell, i) => cell === first[i])));
    if (isHeader && seen > 0) repeated++;
    seen++;
    const values = trim(cells);
    if (!isHeader)
      yield rowOf(
        header.names,
        header.cells.map((i) => values[i]),
      );
  }
  if (repeated > 0) onNote?.(`the header stands ${repeated} times more between the rows: left out there`);
}

const dialectOf = (delimiter: string): Dialect => ({ delimiter, quotes: delimiter.length === 1, backslash: false });

function columnsOf(
  path: string,
  first: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, header }: TableOptions,
) {
  if (columns !== undefined) {
    if (columns.length !== first.length)
      throw new TagprError("usage", `--columns names ${columns.length} columns, ${path} has ${first.length}`, {
        hint: `Its first row is ${first.join(" | ")}.`,
      });
    return headerOf(path, columns, []);
  }
  const why = header === true ? null : dataNotHeader(first, rows);
  if (why !== null)
    throw new TagprError(
      "data",
      `${path} has no header: in its first row, ${first.join(" | ").slice(0, 120)}, ${why}`,
      {
        hint: `Name its ${first.length} columns in order, e.g. --columns user,item,score,time; or, if that row is the header, say --header.`,
      },
    );
  return headerOf(path, first, rows);
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

async function cellsOf(path: string, lines: readonly Line[], delimiter: string): Promise<(readonly string[])[]> {
  const all: (readonly string[])[] = [];
  const dialect = dialectOf(delimiter);
  const source = (async function* () {
    yield* lines;
  })();
  for await (const { cells } of recordsOf(source, {
    path,
    dialect,
    width: () => all[0]?.length ?? null,
    onProblem: () => {},
  }))
    all.push(cells);
  return all;
}

/** The delimiter by which most records of the sample have as many cells as the first one; of equals, the one with more cells. */
async function delimiterOf(path: string, sample: readonly Line[], usual: string): Promise<string> {
  const found: { delimiter: string; share: number; width: number }[] = [];
  const records = sample.filter(({ text }) => text !== "").length;
  for (const delimiter of new Set([usual, ...CANDIDATES])) {
    const rows = await cellsOf(path, sample, delimiter);
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
    throw new TagprError("data", `${path}: one column only, by every delimiter tried (, ; tab | ::)`, {
      hint: "Name the delimiter with --delimiter.",
    });
  // Widest wins only among those that fit as well: a comma within texts of a table with semicolons fits worse.
  return second !== undefined && second.share > 0.95 * first.share && second.width > first.width
    ? second.delimiter
    : first.delimiter;
}
