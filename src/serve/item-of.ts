import { TagprError } from "../core/errors.ts";
import { readItems } from "../data/items.ts";
import { idOf, isObject } from "../data/lamp/record.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem } from "../data/types.ts";
import { ID_HINT, idFault } from "../store/user.ts";

/**
 * Items as they are put: checked against the task's fields, in the order in which they were given. One without an id gets one.
 * @throws TagprError `data` that names the item
 */
export function readPut(task: Task, values: readonly unknown[], where: string, uuid: () => string): ProfileItem[] {
  const named = values.map((value) => (isObject(value) && idOf(value) === null ? { ...value, id: uuid() } : value));
  const items = new Map(readItems(task, named, where).map((item) => [item.id, item]));
  for (const { id, date } of items.values()) {
    const fault = idFault(id);
    if (fault !== null) throw new TagprError("data", `${where}: the id of an item ${fault}`, { hint: ID_HINT });
    if (date !== undefined && /\p{Cc}/u.test(date))
      throw new TagprError("data", `${where}: the date of an item holds a control character`, {
        hint: "Write it as 2024-05-26.",
      });
  }
  return named.flatMap((value) => items.get(idOf(value) ?? "") ?? []);
}
