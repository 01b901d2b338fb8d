import type { Task } from "../data/task.ts";
import { fill } from "../data/template.ts";
import type { Example, ProfileItem } from "../data/types.ts";

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** How a method asks: with or without reasoning, naming the tags or not (the same for every -R method of a suite). */
export interface PromptStyle {
  readonly reasoning: boolean;
  /** The allowed tags, named in the system prompt; empty names none. */
  readonly tags: readonly string[];
}

const PLAIN = "You answer as this particular user would. Give only the answer.";
const REASONED =
  "You answer as this particular user would. Reason in short steps inside <think> and </think>, then give only the answer.";
const tagged = (tags: readonly string[]): string =>
  `You answer as this particular user would. Reason in short tagged steps inside <think> and </think>, then give only the answer. Tags: ${tags.join(", ")}`;

/** The system prompt of a style; chosen once for a run and recorded with it. */
export function systemPrompt(style: PromptStyle): string {
  if (!style.reasoning) return PLAIN;
  return style.tags.length > 0 ? tagged(style.tags) : REASONED;
}

/** One history line, `[3] description: … | tag: …`; `i` counts from 1, oldest first. */
export function itemLine(task: Task, item: ProfileItem, i: number): string {
  return `[${i}] ${fill(task.item, (name) => item.fields[name])}`;
}

/**
 * The chat form that TagPR trains with: system, then the shown items (oldest first) and the benchmark's own input.
 * With no items (zero-shot) the history block is absent altogether.
 */
export function chatMessages(
  task: Task,
  example: Example,
  items: readonly ProfileItem[],
  style: PromptStyle,
): Message[] {
  const history = items.map((item, k) => itemLine(task, item, k + 1)).join("\n");
  const content =
    items.length > 0
      ? `${task.language === "zh" ? "该用户的历史记录，由旧到新：" : "History of this user, oldest first:"}\n${history}\n\n${example.input}`
      : example.input;
  return [
    { role: "system", content: systemPrompt(style) },
    { role: "user", content },
  ];
}
