import type { Task } from "../data/task.ts";
import { fill } from "../data/template.ts";
import type { ProfileItem, Question } from "../data/types.ts";

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
