import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { itemLine } from "../prompts/chat.ts";

/**
 * An answer and what it answers as a scorer reads them: the answer, the query, the shown items from the newest on. A short
 * encoder's cut takes the oldest items first, and never the answer.
 */
export function scoredText(
  task: Task,
  { input, shown }: Pick<ShownExample, "input" | "shown">,
  answer: string,
): string {
  const items = shown.map((item, i) => itemLine(task, item, i + 1)).reverse();
  return [answer, input, ...items].join("\n");
}

/** What stands behind the thoughts of a response. */
export const answerIn = (response: string): string =>
  (response.split("</think>").at(-1) ?? "").replaceAll("<think>", "").trim();
