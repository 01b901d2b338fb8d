import { TagprError } from "../core/errors.ts";
import { oldestFirst } from "./dates.ts";
import { Flaw, idOf, isObject, toItem } from "./lamp/record.ts";
import type { Task } from "./task.ts";
import type { ProfileItem } from "./types.ts";

/**
 * A history as a person or a program hands it over: flat objects with the task's fields, `date` and `id` where they have them (else
 * an item is called by its place, from 1). Oldest first as far as dates tell; other columns are left alone.
 * @throws TagprError `data` that names the item; `where`: the file or the field that holds them
 */
export function readItems(task: Task, values: readonly unknown[], where: string): ProfileItem[] {
  const known = new Set<string>();
  const items = values.map((value, i) => {
    const item = readItem(task, value, i, where);
    if (known.has(item.id)) throw wrong(task, where, `item ${i + 1}: the id ${JSON.stringify(item.id)} stands twice`);
    known.add(item.id);
    return item;
  });
  return oldestFirst(items);
}

function readItem(task: Task, value: unknown, i: number, where: string): ProfileItem {
  if (!isObject(value)) throw wrong(task, where, `item ${i + 1} is no object`);
  try {
    return toItem(task, { ...value, id: idOf(value) ?? String(i + 1) }, i);
  } catch (error) {
    if (!(error instanceof Flaw)) throw error;
    throw wrong(task, where, `${error.message} (${error.detail ?? `item ${i + 1}`})`);
  }
}

function wrong({ name, itemFields }: Task, where: string, what: string): TagprError {
  const fields = itemFields.map((field) => field.name).join(", ");
  return new TagprError("data", `${where}: ${what}`, {
    hint: `An item of ${name} has ${fields}; a date (2024-05-26) and an id where there are any.`,
  });
}
