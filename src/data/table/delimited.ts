import { TagprError } from "../../core/errors.ts";
import { findDialect } from "./dialect.ts";
import { dataNotHeader, headerOf } from "./header.ts";
import { type Row, rowOf, type TableOptions } from "./options.ts";
import { recordsOf } from "./records.ts";
import { type Line, linesOf, type TextFile } from "./text.ts";

/** Rows of a CSV, TSV or the like. `usual` is the delimiter that the file's ending promises. */
export async function* readDelimited(file: TextFile, usual: string, options: TableOptions): AsyncGenerator<Row> {
  const { path } = file;
  const { onProblem, onNote } = options;
  const { end, above, dialect, rows: sample } = await findDialect(file, usual, options);
  const [first = [], ...rows] = sample;
  // A space behind every delimiter, in the header and below it, belongs to no cell.
  const spaced =
    first.length > 1 &&
    [first, ...rows].every((cells) => cells.slice(1).every((cell) => cell === "" || /^ \S/.test(cell)));
  const trim = (cells: readonly string[]) => (spaced ? cells.map((cell) => cell.trimStart()) : cells);
  const header = columnsOf(path, trim(first), rows.map(trim), options);
  for (const note of header.notes) onNote?.(note);
  const named = options.columns === undefined;
  let [seen, repeated] = [0, 0];
  const records = recordsOf(below(linesOf(file, onProblem, end), above), {
    ...{ path, dialect, onProblem, onNote },
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

async function* below(lines: AsyncIterable<Line>, above: number): AsyncGenerator<Line> {
  for await (const line of lines) if (line.number > above) yield line;
}

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
  if (first.length > 1 && first.every((name) => /^'.+'$/.test(name)))
    throw new TagprError("data", `${path}: its cells stand in single quotes, ${first.join(" | ").slice(0, 60)}`, {
      hint: 'Write the table with double quotes ("…"), or without any.',
    });
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
