import type { ProfileItem } from "../data/types.ts";
import { countAll, type Put, putItems } from "../store/items.ts";
import type { Change } from "../store/user.ts";
import type { Limits } from "./limits.ts";
import { Refused } from "./refusal.ts";

/** Puts items of a task, as long as a user's are not too many. @throws Refused, and nothing is written */
export async function putBounded(
  change: Change,
  task: string,
  items: readonly ProfileItem[],
  time: number,
  { userItems }: Limits,
): Promise<Put> {
  const put = await putItems(change, task, items, time);
  // Places are given once, so there are no more items than places: they are counted where that does not settle it.
  if (change.user.next + items.length > userItems && (await countAll(change)) > userItems)
    throw new Refused({ status: 400, message: `a user may have ${userItems} items`, code: "too_many_items" });
  return put;
}
