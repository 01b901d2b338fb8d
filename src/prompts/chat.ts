import { baseLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";
import { fill } from "../data/template.ts";
import type { ProfileItem, Question } from "../data/types.ts";

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

/** What a method says in its own words around a query. Texts that came of a user or a model belong into the user turn alone. */
export interface Around {
  /** In place of the style's system prompt. */
  readonly system?: string;
  /** In the user turn, above the history. */
  readonly above?: string;
  /** In the user turn, below the query. */
  readonly below?: string;
}

type Words = NonNullable<Task["prompts"]>;

const ENGLISH: Words = {
  plain: "You answer as this particular user would. Give only the answer.",
  reasoned:
    "You answer as this particular user would. Reason in short steps inside <think> and </think>, then give only the answer.",
  tagged:
    "You answer as this particular user would. Reason in short tagged steps inside <think> and </think>, then give only the answer. Tags: {tags}",
  history: "History of this user, oldest first:",
};
const CHINESE: Words = {
  plain: "请像这位用户本人那样作答。只给出答案。",
  reasoned: "请像这位用户本人那样作答。先在 <think> 和 </think> 之间分步简短推理，然后只给出答案。",
  tagged: "请像这位用户本人那样作答。先在 <think> 和 </think> 之间用带标签的步骤简短推理，然后只给出答案。标签：{tags}",
  history: "该用户的历史记录，由旧到新：",
};

/** What is said around a query: the task's own words, else its language's, else English ones. */
const wordsFor = ({ prompts, language }: Asked): Words =>
  prompts ?? (baseLanguage(language) === "zh" ? CHINESE : ENGLISH);

type Asked = Pick<Task, "prompts" | "language">;

/** The system prompt of a style, in the task's language. */
export function systemPrompt(style: PromptStyle, task: Asked = { language: "en" }): string {
  const { plain, reasoned, tagged } = wordsFor(task);
  if (!style.reasoning) return plain;
  return style.tags.length > 0 ? tagged.replaceAll("{tags}", style.tags.join(", ")) : reasoned;
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
  example: Question,
  items: readonly ProfileItem[],
  style: PromptStyle,
  { system = systemPrompt(style, task), above = "", below = "" }: Around = {},
): Message[] {
  const lines = items.map((item, k) => itemLine(task, item, k + 1)).join("\n");
  const history = items.length > 0 ? `${wordsFor(task).history}\n${lines}` : "";
  const before = [above, history].filter((part) => part !== "");
  const content = [...before, example.input, ...(below === "" ? [] : [below])].join("\n\n");
  return [
    { role: "system", content: system },
    { role: "user", content },
  ];
}
