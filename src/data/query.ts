import { inputFault } from "./lamp/input.ts";
import { SHAPES } from "./synthetic/shapes.ts";
import type { Task } from "./task.ts";
import { fill, placeholders } from "./template.ts";

/**
 * What a person asks, as the task's queries are written: a whole input as it is, a bare text put into the task's prompt where
 * that has one place for it. Null where the task can't say how, and the text is no whole input either.
 */
export function queryInput(task: Task, text: string): string | null {
  if (inputFault(task, text) === null) return text;
  const whole = filled(task, text);
  return whole !== null && inputFault(task, whole) === null ? whole : null;
}

function filled(task: Task, text: string): string | null {
  const shape = Object.values(SHAPES).find((one) => one.task === task.name);
  if (task.prompt === undefined) return shape?.input(text) ?? null;
  return new Set(placeholders(task.prompt)).size === 1 ? fill(task.prompt, () => text) : null;
}
