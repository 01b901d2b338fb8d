import type { OnProblem } from "../problem.ts";

/** What a person may say of a table; what is left out is found in the file. */
export interface TableOptions {
  /** `gb18030`, `windows-1252`, … */
  readonly encoding?: string;
  /** `;`, `|`, `::`, a tab. */
  readonly delimiter?: string;
  /** Names of the columns of a table without a header row. */
  readonly columns?: readonly string[];
  /** The first row is the header, though it looks like data. */
  readonly header?: boolean;
  /** Called with each row that can't be read, which is left out. Without it the first one is thrown. */
  readonly onProblem?: OnProblem;
  /** Called with what was found or decided about the file: an encoding, a delimiter, a column that is left out. */
  readonly onNote?: (note: string) => void;
}

/** One record of a person's own table: a value by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** A row by names and values. An assignment would lose a column that is called `__proto__`. */
export function rowOf(names: readonly string[], values: readonly unknown[]): Row {
  const row: Record<string, unknown> = {};
  for (const [i, name] of names.entries()) {
    if (name === "__proto__") Object.defineProperty(row, name, { value: values[i], enumerable: true });
    else row[name] = values[i];
  }
  return row;
}
