import { baseLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { ChatMessage } from "../llm/types.ts";
import { chatMessages } from "../prompts/chat.ts";
import type { Asked } from "./types.ts";

/** The one place where golds are taken off: everything that asks or grades gets what comes out of here. */
export function withoutGold(example: ShownExample): Asked {
  const { gold: _, ...asked } = example;
  return asked;
}

/** The prompt that the teacher gets: the policy's own, with reasoning, naming no tags. */
export function teacherMessages(task: Task, asked: Asked): ChatMessage[] {
  return chatMessages(task, { ...asked, gold: null }, asked.shown, { reasoning: true, tags: [] });
}

/** The same with the answer, asked for its reasons (STaR's rationalization, arXiv 2203.14465, section 3.3). */
export function reasonsMessages(task: Task, asked: Asked, gold: string): ChatMessage[] {
  const said = baseLanguage(task.language) === "zh" ? CHINESE : ENGLISH;
  return teacherMessages(task, asked).map((message) =>
    message.role === "user" ? { ...message, content: `${message.content}\n\n${said(gold)}` } : message,
  );
}

const ENGLISH = (gold: string): string =>
  `(This user's answer is: ${gold}. Give the reasons that the history above holds for it, item by item, as if you did not know it; name it in the last step only.)`;
const CHINESE = (gold: string): string =>
  `（该用户的答案是：${gold}。请像不知道答案那样，逐条说出上面历史记录中的理由，最后一步才说出答案。）`;

/** The user's turn of that prompt: history and query. */
export function promptText(task: Task, asked: Asked): string {
  return teacherMessages(task, asked).at(-1)?.content ?? "";
}
