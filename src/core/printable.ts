/** Control characters of C0 and C1, but not tab and line feed: a terminal obeys them. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/**
 * Text of users, models and servers as a terminal may get it: what it would obey is written out (`\\u001b`), as JSON
 * would. Files keep the exact text.
 */
export function printable(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(CONTROL, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Numbers, spans of them and "+ guided RL": nothing that a spreadsheet computes. */
const HARMLESS = /^[+-][\d.,\s%…+−-]*$|^\+ [\p{L}\d ]+$/u;

/**
 * A cell of a table for people: one that a spreadsheet would take for a formula (OWASP's list: `=`, `@`, `+`, `-`, tab,
 * carriage return) gets a quote in front. Data that is exported stays exact.
 */
export function guardCell(text: string): string {
  return /^[=@\t\r]/.test(text) || (/^[+-]/.test(text) && !HARMLESS.test(text)) ? `'${text}` : text;
}
