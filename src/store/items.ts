import type { Selectable } from "kysely";
import type { ProfileItem } from "../data/types.ts";
import type { Tables } from "./tables.ts";
import type { Change, UserScope } from "./user.ts";

/** An item of a user, with the task that it is of. */
export interface StoredItem extends ProfileItem {
  readonly task: string;
  readonly place: number;
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
}

/** How many of the items that were put were new, were changed, and stood there already. */
export interface Put {
  readonly added: number;
  readonly changed: number;
  readonly same: number;
}

/** Rows of one statement: SQLite takes 32,766 values. */
const ROWS = 1000;

/** Puts items of a task, no id twice: one that is there is replaced and keeps its place. */
export async function putItems(
  { trx, user }: Change,
  task: string,
  items: readonly ProfileItem[],
  time: number,
): Promise<Put> {
  if (items.length === 0) return { added: 0, changed: 0, same: 0 };
  const { next } = await trx
    .updateTable("users")
    .set((row) => ({ next: row("next", "+", items.length) }))
    .where("id", "=", user.id)
    .returning("next")
    .executeTakeFirstOrThrow();
  const first = next - items.length;
  let [added, changed] = [0, 0];
  for (let from = 0; from < items.length; from += ROWS) {
    const rows = items.slice(from, from + ROWS).map(({ id, date, fields }, i) => ({
      ...{ user_id: user.id, task, id, date: date ?? null, fields: JSON.stringify(fields) },
      ...{ place: first + from + i, revision: user.revision, time },
    }));
    const written = await trx
      .insertInto("items")
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(["user_id", "task", "id"])
          .doUpdateSet(({ ref }) => ({
            ...{ date: ref("excluded.date"), fields: ref("excluded.fields") },
            ...{ revision: ref("excluded.revision"), time: ref("excluded.time") },
          }))
          .where(({ or, eb, ref }) =>
            or([
              eb("items.fields", "!=", ref("excluded.fields")),
              eb("items.date", "is distinct from", ref("excluded.date")),
            ]),
          ),
      )
      .returning(["id", "place"])
      .execute();
    const replaced = written.filter(({ place }) => place < first).map(({ id }) => id);
    changed += replaced.length;
    added += written.length - replaced.length;
    if (replaced.length > 0)
      await trx
        .deleteFrom("vectors")
        .where("user_id", "=", user.id)
        .where("task", "=", task)
        .where("item", "in", replaced)
        .execute();
  }
  return { added, changed, same: items.length - added - changed };
}

/** Deletes one item of a task, all of a task, or all; answers how many there were. */
export async function deleteItems({ trx, user }: Change, task?: string, id?: string): Promise<number> {
  let query = trx.deleteFrom("items").where("user_id", "=", user.id);
  if (task !== undefined) query = query.where("task", "=", task);
  if (id !== undefined) query = query.where("id", "=", id);
  const { numDeletedRows } = await query.executeTakeFirst();
  if (numDeletedRows > 0n)
    await trx.updateTable("users").set({ removed: user.revision }).where("id", "=", user.id).execute();
  return Number(numDeletedRows);
}

export async function findItem({ store, user }: UserScope, task: string, id: string): Promise<StoredItem | null> {
  const row = await store.db
    .selectFrom("items")
    .selectAll()
    .where("user_id", "=", user)
    .where("task", "=", task)
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? null : itemOf(row);
}

/** Items in the order in which they came, of one task or of all, from a place on. */
export async function pageItems(
  { store, user }: UserScope,
  { task, from, limit }: { readonly task?: string | undefined; readonly from: number; readonly limit: number },
): Promise<StoredItem[]> {
  let query = store.db
    .selectFrom("items")
    .selectAll()
    .where("user_id", "=", user)
    .where("place", ">=", from)
    .orderBy("place")
    .limit(limit);
  if (task !== undefined) query = query.where("task", "=", task);
  return (await query.execute()).map(itemOf);
}

/** Items of a task that were written after a revision, in the order in which they came. */
export const itemsSince = (scope: UserScope, task: string, revision: number): Promise<StoredItem[]> =>
  itemsBy(scope, task, ">", revision);

/** Items of a task that stand as they did at a revision; what was written or changed since is left out. In the order in which they came. */
export const itemsUntil = (scope: UserScope, task: string, revision: number): Promise<StoredItem[]> =>
  itemsBy(scope, task, "<=", revision);

async function itemsBy(
  { store, user }: UserScope,
  task: string,
  side: ">" | "<=",
  revision: number,
): Promise<StoredItem[]> {
  const rows = await store.db
    .selectFrom("items")
    .selectAll()
    .where("user_id", "=", user)
    .where("task", "=", task)
    .where("revision", side, revision)
    .orderBy("place")
    .execute();
  return rows.map(itemOf);
}

/** How many items there are, by task. */
export async function countItems({ store, user }: UserScope): Promise<Record<string, number>> {
  const rows = await store.db
    .selectFrom("items")
    .select(({ fn }) => ["task", fn.countAll<number>().as("count")])
    .where("user_id", "=", user)
    .groupBy("task")
    .orderBy("task")
    .execute();
  return Object.fromEntries(rows.map(({ task, count }) => [task, Number(count)]));
}

function itemOf({ id, task, date, fields, place, time }: Selectable<Tables["items"]>): StoredItem {
  const texts = JSON.parse(fields) as Record<string, string>;
  return { id, task, fields: texts, place, time, ...(date === null ? {} : { date }) };
}

/** Where an item stands; of one id in several tasks, the first. Null where there is none. */
export async function placeOf({ store, user }: UserScope, id: string, task?: string): Promise<number | null> {
  let query = store.db.selectFrom("items").select("place").where("user_id", "=", user).where("id", "=", id);
  if (task !== undefined) query = query.where("task", "=", task);
  return (await query.orderBy("place").executeTakeFirst())?.place ?? null;
}

export async function countAll({ trx, user }: Change): Promise<number> {
  const { count } = await trx
    .selectFrom("items")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("user_id", "=", user.id)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The ids of a user's items of a task. */
export async function itemIds({ store, user }: UserScope, task: string): Promise<Set<string>> {
  const rows = await store.db
    .selectFrom("items")
    .select("id")
    .where("user_id", "=", user)
    .where("task", "=", task)
    .execute();
  return new Set(rows.map(({ id }) => id));
}
