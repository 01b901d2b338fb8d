import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";
import { parse } from "yaml";
import type { Shape } from "../src/data/synthetic/shape.ts";
import type { Task } from "../src/data/task.ts";
import type { Message, PromptStyle } from "../src/prompts/chat.ts";

const template = new Template(readFileSync(new URL("chat_template.jinja", import.meta.url), "utf8"));
const tasks = new Map<string, Task>();

/** The prompt text of chat messages, up to where the model goes on. */
export function render(messages: readonly Message[], style: PromptStyle): string {
  return template.render({ messages: [...messages], add_generation_prompt: true, enable_thinking: style.reasoning });
}

/** The task file of a shape. */
export function taskOf(shape: Shape): Task {
  const file = new URL(`../tasks/${shape.task}.yaml`, import.meta.url);
  const task = tasks.get(shape.task) ?? (parse(readFileSync(file, "utf8")) as Task);
  tasks.set(shape.task, task);
  return task;
}
