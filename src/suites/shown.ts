import type { Picture } from "../report/plots/draw.ts";

/*
 * What a kind shows, as plain data: terminal, Markdown, CSV, LaTeX and HTML are written from it alone.
 */

/** Where a number comes from: the answers of a method to a task, in one cell; with `query` one of them. */
export interface Lead {
  readonly cell: string;
  readonly method: string;
  readonly task: string;
  /** The answers with another user's items. */
  readonly swapped?: true;
  readonly query?: string;
}

/** One cell of a table. */
export interface Entry {
  readonly text: string;
  /** The number behind the text, in full; absent where it is none. */
  readonly value?: number | null;
  readonly low?: number | null;
  readonly high?: number | null;
  /** Corrected for the family that the table's caption names. */
  readonly p?: number;
  /** Best of its column, or the next; equal texts are ties and share it. */
  readonly rank?: 1 | 2;
  /** Against the table's base. */
  readonly verdict?: "better" | "worse" | "tied" | "undecided";
  readonly lead?: Lead;
  /** Text of users or models: `--redact` shows its length alone. */
  readonly personal?: true;
}

export interface TableColumn {
  readonly head: string;
  /** Columns of one group stand under one heading. */
  readonly group?: string;
  /** Texts stand left, numbers right. */
  readonly text?: true;
}

export interface TableRow {
  /** Rows of one group stand under one heading. */
  readonly group?: string;
  /** A row that others are measured against. */
  readonly base?: true;
  readonly label: string;
  readonly entries: readonly Entry[];
}

export interface Table {
  /** Name of its files. */
  readonly id: string;
  readonly caption: string;
  /** Heading of the rows' labels. */
  readonly head: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** What a reader needs under it, a sentence each. */
  readonly notes: readonly string[];
}

/** What one kind came to. */
export interface Shown {
  readonly tables: readonly Table[];
  readonly pictures: readonly Picture[];
  /** What the numbers say, a sentence each, made from them. */
  readonly says: readonly string[];
}

export const entry = (text: string): Entry => ({ text });
