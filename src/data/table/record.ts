/** How cells are parted. */
export interface Dialect {
  readonly delimiter: string;
  /** Whether `"…"` encloses a cell: not where cells are parted by `::`. */
  readonly quotes: boolean;
  /** Whether `\"` within quotes is a quote, as MySQL and others write it. */
  readonly backslash: boolean;
}

/** A record's cells; `open`: a quoted cell goes on in the next line; or why it is none. */
export type Record = { readonly cells: string[] } | { readonly open: true } | { readonly fault: string };

export const UNCLOSED = "a quote that never closes";
const AFTER_QUOTE = "a quote within a quoted cell that is not doubled";

/**
 * The cells of one record (RFC 4180). Not csv-parse: that stops at the first bad quote, or skips it with the lines behind it,
 * and neither tells which lines are good. A quote within a cell that doesn't begin with one is text, as Python's reader has it.
 */
export function parseRecord(text: string, { delimiter, quotes, backslash }: Dialect): Record {
  if (!quotes || !text.includes('"')) return { cells: text.split(delimiter) };
  const cells: string[] = [];
  for (let at = 0; ; ) {
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at);
      cells.push(end < 0 ? text.slice(at) : text.slice(at, end));
      if (end < 0) return { cells };
      at = end + delimiter.length;
      continue;
    }
    const close = closingQuote(text, at + 1, backslash);
    if (close < 0) return { open: true };
    cells.push(unescaped(text.slice(at + 1, close), backslash));
    if (close + 1 === text.length) return { cells };
    if (!text.startsWith(delimiter, close + 1)) return { fault: AFTER_QUOTE };
    at = close + 1 + delimiter.length;
  }
}

/** Index of the quote that ends a cell, -1 where there is none. */
function closingQuote(text: string, from: number, backslash: boolean): number {
  for (let at = from; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return -1;
    if (backslash) {
      let slash = quote;
      while (slash > from && text[slash - 1] === "\\") slash--;
      if ((quote - slash) % 2 === 1) {
        at = quote + 1;
        continue;
      }
    }
    if (text[quote + 1] !== '"') return quote;
    at = quote + 2;
  }
}

function unescaped(cell: string, backslash: boolean): string {
  const plain = cell.includes('""') ? cell.replaceAll('""', '"') : cell;
  return backslash && plain.includes("\\") ? plain.replace(/\\(["\\])/g, "$1") : plain;
}
