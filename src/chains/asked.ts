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

/** The user's turn of that prompt: history and query. */
export function promptText(task: Task, asked: Asked): string {
  return teacherMessages(task, asked).at(-1)?.content ?? "";
}
