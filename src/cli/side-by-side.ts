import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** Columns of text that one can still read. */
const LEAST = 32;
const GAP = " │ ";

/** Texts in columns beside each other, as wide as the terminal allows; one under the other where it is too narrow, or none. */
export function sideBySide(texts: readonly string[], columns: number | undefined): string {
  const width = Math.floor(((columns ?? 0) - GAP.length * (texts.length - 1)) / texts.length);
  if (width < LEAST) return texts.join("\n");
  const wrapped = texts.map((text) => wrapAnsi(text, width, { hard: true, trim: false }).split("\n"));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  const row = (i: number): string =>
    wrapped
      .map((lines) => lines[i] ?? "")
      .map((line) => line + " ".repeat(Math.max(0, width - stringWidth(line))))
      .join(GAP)
      .trimEnd();
  return Array.from({ length: height }, (_, i) => row(i)).join("\n");
}
