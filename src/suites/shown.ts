import type { Falsehood } from "../report/chain-html.ts";
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

/** One query with two answers to it, side by side. All texts but `why`, `by` and labels are of users or models. */
export interface Case {
  /** Name of its file. */
  readonly id: string;
  readonly task: string;
  /** By which rule it was chosen, and from how many. */
  readonly why: string;
  readonly query: string;
  readonly asked: string;
  readonly gold: string;
  /** The primary tags: the same tag has the same colour everywhere. */
  readonly tags: readonly string[];
  /** How its items were chosen: `bm25, 8 of 41`. */
  readonly by: string;
  /** Oldest first, as a prompt numbers them. */
  readonly items: readonly {
    readonly text: string;
    readonly date: string | null;
    /** What the retriever chose it by; null where it has no score, or the data is gone. */
    readonly score: number | null;
    /** Labels of those whose prompt had no room for it. */
    readonly cutFrom: readonly string[];
  }[];
  readonly sides: readonly CaseSide[];
}

export interface CaseSide {
  readonly label: string;
  /** `✓ right, 45 tokens` */
  readonly verdict: string;
  readonly response: string;
  readonly falsehoods: readonly Falsehood[];
  /** On what its answer rests; null of one that does not reason. */
  readonly rests: string | null;
  readonly lead: Lead;
}

/** What one kind came to. */
export interface Shown {
  readonly tables: readonly Table[];
  readonly pictures: readonly Picture[];
  readonly cases?: readonly Case[];
  /** What the numbers say, a sentence each, made from them. */
  readonly says: readonly string[];
}

export const entry = (text: string): Entry => ({ text });
