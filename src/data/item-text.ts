import { labelField } from "./item-label.ts";
import type { Task } from "./task.ts";
import type { ProfileItem, Question } from "./types.ts";

/**
 * An item as one text. Without `labels` the user's own choice (a tag, a score) is left out; what a user has written (a title, a
 * tweet) is text all the same, as in PPlug's own code.
 */
export function itemText(task: Task, item: ProfileItem, labels: boolean): string {
  const open = task.itemFields.filter(({ label }) => labels || task.kind === "generation" || !label);
  const fields = open.length > 0 ? open : task.itemFields;
  return fields.flatMap(({ name }) => item.fields[name] ?? []).join(" | ");
}

/**
 * An item asked as a query of its own: the words of another query of the task around the item's text, and the user's own choice
 * as the gold. Null where the task doesn't allow it: nothing but the choice stands in an item, or a query is more than a text
 * behind a mark (LaMP-1, LaMP-7).
 */
export function itemAsQuery(
  task: Task,
  { input }: Pick<Question, "input">,
  item: ProfileItem,
): { input: string; gold: string } | null {
  const label = labelField(task);
  const gold = label === undefined ? "" : (item.fields[label]?.trim() ?? "");
  const text = task.itemFields
    .filter((field) => !field.label)
    .flatMap(({ name }) => item.fields[name] ?? [])
    .join(" ")
    .trim();
  if (gold === "" || text === "" || !("after" in task.query)) return null;
  const at = input.indexOf(task.query.after);
  if (at < 0) return null;
  return { input: `${input.slice(0, at + task.query.after.length)} ${text}`, gold };
}
