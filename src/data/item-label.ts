import type { Task } from "./task.ts";
import type { ProfileItem } from "./types.ts";

/** The user's own choice in an item, lower case; null where the task has no labels or the item names none of them. */
export function labelOf(task: Task, item: ProfileItem): string | null {
  const field = task.itemFields.find((f) => f.label)?.name;
  const value = field === undefined ? undefined : item.fields[field]?.trim().toLowerCase();
  return value !== undefined && task.labels.some((label) => label.toLowerCase() === value) ? value : null;
}
