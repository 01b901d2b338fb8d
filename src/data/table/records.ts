import type { OnProblem } from "../problem.ts";
import { report } from "../problem.ts";
import { type Dialect, parseRecord, type Record, UNCLOSED } from "./record.ts";
import type { Line } from "./text.ts";

/** Cells of one record, and the line on which it begins. */
export interface Cells {
  readonly line: number;
  readonly cells: readonly string[];
}

export interface RecordOptions {
  readonly path: string;
  readonly dialect: Dialect;
  /** Cells that a record has; null while it isn't known. */
  readonly width: () => number | null;
  readonly onProblem?: OnProblem | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** A cell that goes on over more lines is a quote that someone forgot. */
const LINES = 1000;

/**
 * Records of a table's lines. A record that can't be read is a problem with its line, and the reader goes on with the very
 * next line: a quote that was forgotten takes no other row with it.
 */
export async function* recordsOf(lines: AsyncIterable<Line>, options: RecordOptions): AsyncGenerator<Cells> {
  const source = lines[Symbol.asyncIterator]();
  const back: Line[] = [];
  const next = async (): Promise<Line | undefined> => {
    const own = back.pop();
    if (own !== undefined) return own;
    const read = await source.next();
    return read.done === true ? undefined : read.value;
  };
  const reader = recordReader(options);
  try {
    for (;;) {
      const first = await next();
      if (first === undefined) return;
      if (first.text === "") continue;
      const taken = [first];
      let record = reader.read(first.text);
      while ("open" in record && taken.length < LINES) {
        const more = await next();
        if (more === undefined) break;
        taken.push(more);
        // Only a line with a quote can end it.
        if (more.text.includes('"')) record = reader.read(taken.map(({ text }) => text).join("\n"));
      }
      const fault = "open" in record ? UNCLOSED : "fault" in record ? record.fault : reader.misfit(record.cells);
      if (fault === null && "cells" in record) yield { line: first.number, cells: reader.fitted(record.cells) };
      else {
        for (const line of taken.slice(1).reverse()) back.push(line);
        report(options.onProblem, {
          place: `${options.path}: line ${first.number}`,
          kind: fault ?? "no record",
          hint: "Mend that line, leave bad lines out with --skip-bad, or name the delimiter with --delimiter.",
        });
      }
    }
  } finally {
    // Who stops early leaves no file open.
    await source.return?.();
  }
}

function recordReader({ dialect, width, onNote }: RecordOptions) {
  let { backslash } = dialect;
  /** The first record that only backslashes make readable settles it for the rest. */
  const read = (text: string): Record => {
    const record = parseRecord(text, { ...dialect, backslash });
    if ("cells" in record || "open" in record || backslash || !text.includes('\\"')) return record;
    const other = parseRecord(text, { ...dialect, backslash: true });
    if (!("cells" in other) || misfit(other.cells) !== null) return record;
    backslash = true;
    onNote?.('a backslash before a quote is read as an escape (\\")');
    return other;
  };
  const misfit = (cells: readonly string[]): string | null => {
    const n = width();
    if (n === null || cells.length === n || (cells.length > n && cells.slice(n).every((cell) => cell === "")))
      return null;
    return `${cells.length} cells where the header has ${n}`;
  };
  const fitted = (cells: readonly string[]): readonly string[] => {
    const n = width();
    return n === null || cells.length === n ? cells : cells.slice(0, n);
  };
  return { read, misfit, fitted };
}
