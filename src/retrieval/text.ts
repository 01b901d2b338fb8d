import type { Task } from "../data/task.ts";
import { fill } from "../data/template.ts";
import type { ProfileItem, Question } from "../data/types.ts";

/** White space as Python's `str.split()` knows it; JavaScript's `\s` differs by U+001C–U+001F, U+0085 and U+FEFF. */
export function isPythonSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  if (code < 0x1680) return code === 0x85 || code === 0xa0;
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** `text.split()` of Python. */
export function pythonSplit(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && !isPythonSpace(text.charCodeAt(i))) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      words.push(text.slice(start, i));
      start = -1;
    }
  }
  return words;
}

/** `text.strip()` of Python. */
export function pythonStrip(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isPythonSpace(text.charCodeAt(start))) start++;
  while (end > start && isPythonSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** What a retriever indexes of an item: the task's `corpus` template, filled. */
export function corpusText(task: Task, item: ProfileItem): string {
  return fill(task.corpus, (name) => item.fields[name]);
}

/**
 * What a retriever searches with: the text after the first `after` of the input, or its quoted strings with the task's
 * numbers joined by a space. The official code's quirk is kept: every `"` opens or closes, so a quote inside a title
 * shifts the numbering. Where the mark is missing, the whole input.
 */
export function queryText(task: Task, example: Pick<Question, "input">): string {
  const { input } = example;
  if ("after" in task.query) {
    const at = input.indexOf(task.query.after);
    return (at < 0 ? input : input.slice(at + task.query.after.length)).trim();
  }
  // Pieces between quotes: odd ones stand inside; an unclosed last one is no string.
  const pieces = input.split('"');
  const inside = pieces.filter((_, i) => i % 2 === 1 && i < pieces.length - 1);
  const wanted = task.query.quoted.flatMap((n) => inside[n - 1] ?? []);
  return wanted.length > 0 ? wanted.join(" ").trim() : input;
}
