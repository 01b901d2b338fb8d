import type { Task } from "./task.ts";
import type { ProfileItem } from "./types.ts";

/** Name of the field that the task marks as the user's own choice. */
export const labelField = (task: Task): string | undefined => task.itemFields.find((field) => field.label)?.name;

/** The user's own choice in an item, lower case; null where the task has no labels or the item names none of them. */
export function labelOf(task: Task, item: ProfileItem): string | null {
  const field = labelField(task);
  const value = field === undefined ? undefined : item.fields[field]?.trim().toLowerCase();
  return value !== undefined && task.labels.some((label) => label.toLowerCase() === value) ? value : null;
}
