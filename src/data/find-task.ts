import { TagprError } from "../core/errors.ts";
import type { Task } from "./task.ts";

/**
 * The task that a query belongs to.
 * @throws TagprError of kind data where the run has no such task.
 */
export function taskOf(tasks: readonly Task[], query: { readonly task: string; readonly id: string }): Task {
  const task = tasks.find(({ name }) => name === query.task);
  if (task !== undefined) return task;
  throw new TagprError("data", `query ${query.id} belongs to task ${query.task}, which is not among the run's tasks`, {
    hint: "Run the data stage again.",
  });
}
