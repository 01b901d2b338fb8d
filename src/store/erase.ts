import type { Transaction } from "kysely";
import { scrub } from "./scrub.ts";
import type { OpenStore } from "./store.ts";
import type { Tables } from "./tables.ts";
import { keepTombstone, lockTombstone, syncTombstones, tombstoneOf, writeTombstones } from "./tombstones.ts";
import { findUser, type UserScope } from "./user.ts";

/** Tables that are counted before a user's rows go with them. */
const COUNTED = ["items", "vectors", "answers", "feedback", "requests"] as const;

/** How many rows there were of a user; null where they were not there. */
export type Removed = { readonly [table in (typeof COUNTED)[number]]: number };

/**
 * Erases a user: their row and all that refers to it, keys' bindings to them, and then what is left of it in the database's files. What
 * was begun for them before writes nothing any more, and a backup that still has them is cleared when it is next opened.
 * A call that failed half-way is done by calling again, also where the user is no longer there.
 */
export async function eraseUser(scope: UserScope): Promise<Removed | null> {
  const { store, user } = scope;
  // Another instance's clock, which dated the user, may be ahead of this one's.
  const { created = 0 } = (await findUser(scope)) ?? {};
  const stone = { hash: tombstoneOf(store, user), time: Math.max(store.now(), created) };
  // Written first: an erasure that is cut off here is done when the store is next opened.
  writeTombstones(store, [stone]);
  const removed = await store.db.transaction().execute(async (trx) => {
    await lockTombstone(store, trx, stone.hash);
    await keepTombstone(trx, stone);
    return removeRows(trx, user);
  });
  await scrub(store);
  return removed;
}

/** Erases whoever has a tombstone and is there all the same: out of a backup, or because an erasure was cut off. Answers how many. */
export async function applyTombstones(store: OpenStore): Promise<number> {
  await syncTombstones(store);
  const back = await store.db
    .selectFrom("users")
    .innerJoin("tombstones", "tombstones.hash", "users.hash")
    .select(["users.id", "users.hash", "born"])
    .whereRef("users.created", "<=", "tombstones.time")
    .execute();
  for (const { id, hash, born } of back)
    await store.db.transaction().execute(async (trx) => {
      await lockTombstone(store, trx, hash);
      // Whoever another instance has put under the same id meanwhile stays.
      await removeRows(trx, id, born);
    });
  if (back.length > 0) await scrub(store);
  return back.length;
}

async function removeRows(trx: Transaction<Tables>, user: string, born?: string): Promise<Removed | null> {
  // Locks the user's row before it is counted: no change of theirs runs beside.
  let query = trx
    .updateTable("users")
    .set((row) => ({ revision: row("revision", "+", 1) }))
    .where("id", "=", user);
  if (born !== undefined) query = query.where("born", "=", born);
  const { numUpdatedRows } = await query.executeTakeFirst();
  const there = numUpdatedRows > 0n;
  if (there || born === undefined) await trx.deleteFrom("key_users").where("user_id", "=", user).execute();
  if (!there) return null;
  const counts: [string, number][] = [];
  for (const table of COUNTED) {
    const query = trx.selectFrom(table).select(({ fn }) => fn.countAll<number>().as("count"));
    counts.push([table, Number((await query.where("user_id", "=", user).executeTakeFirstOrThrow()).count)]);
  }
  await trx.deleteFrom("users").where("id", "=", user).execute();
  return Object.fromEntries(counts) as Removed;
}
