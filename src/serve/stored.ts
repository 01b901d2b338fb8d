import { oldestFirst } from "../data/dates.ts";
import type { Task } from "../data/task.ts";
import { itemsSince } from "../store/items.ts";
import type { UserScope } from "../store/user.ts";
import { givenHistory, type History } from "./history.ts";

/** What a store has of a user. */
export async function storedItems(scope: UserScope, task: Task): Promise<History> {
  return givenHistory(oldestFirst(await itemsSince(scope, task.name, 0)));
}
