import type { Task } from "../task.ts";
import { parseTemplate } from "../template.ts";

/** Words of a prompt by which it is known again: copies differ in what stands behind them (LaMP-2's list of tags). */
const WORDS = 4;

const simple = (text: string): string => text.toLowerCase().replace(/\s+/g, " ").trim();

/**
 * What a query's input lacks of the task's form: the prompt's first words, the mark before the text that is asked about, or
 * that text. The official LaMP-2 dev set has such a record (id 110). Null where nothing is missing.
 */
export function inputFault(task: Task, input: string): string | null {
  const { query } = task;
  if ("after" in query) {
    const at = input.indexOf(query.after);
    const mark = JSON.stringify(query.after);
    if (at < 0) return `without ${mark}, behind which its text stands`;
    if (input.slice(at + query.after.length).trim() === "") return `with nothing behind ${mark}`;
  } else {
    const quoted = Math.floor((input.split('"').length - 1) / 2);
    const most = query.quoted.reduce((a, b) => Math.max(a, b), 0);
    if (quoted < most) return `with fewer than ${most} quoted texts`;
  }
  return hasPrompt(task, input) ? null : "without the words of the task's prompt";
}

/** What makes it doubtful which text an input asks about: the mark before it twice. A user's own words may hold it, so that is told and no fault. */
export function inputDoubt({ query }: Task, input: string): string | null {
  if (!("after" in query) || !/\p{L}/u.test(query.after)) return null;
  const again = input.split(query.after).length > 2;
  return again ? `with ${JSON.stringify(query.after)} twice: all behind the first is taken for the text` : null;
}

function hasPrompt(task: Task, input: string): boolean {
  const parsed = parseTemplate(task.prompt ?? "");
  const first = "parts" in parsed ? parsed.parts[0] : undefined;
  const words = first === undefined || !("text" in first) ? [] : simple(first.text).split(" ").slice(0, WORDS);
  return simple(input).startsWith(words.join(" "));
}
