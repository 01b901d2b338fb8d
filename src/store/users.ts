import { randomBytes } from "node:crypto";
import type { Transaction } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { lockTombstone, tombstoneOf } from "./tombstones.ts";
import { UserGone, type UserRow, type UserScope } from "./user.ts";

export interface PutUser {
  /** Left out: as it was, and no for a new user. */
  readonly consent?: boolean | undefined;
}

/** When a user of that id was last erased, in milliseconds since 1970; 0: never. What was begun before it is not done after it. */
export async function lastErased(
  { store, user }: UserScope,
  db: Pick<Store["db"], "selectFrom"> = store.db,
): Promise<number> {
  const hash = tombstoneOf(store, user);
  return (await db.selectFrom("tombstones").select("time").where("hash", "=", hash).executeTakeFirst())?.time ?? 0;
}

/**
 * Makes a user, or changes what is known of them; `made`: whether they were not there before. `erased`: {@link lastErased} when this was
 * begun; where it is no longer, nothing is written. @throws UserGone
 */
export async function putUser(
  scope: UserScope,
  { consent }: PutUser,
  erased?: number,
): Promise<{ readonly user: UserRow; readonly made: boolean }> {
  const { store, user: id } = scope;
  const row = {
    ...{
      id,
      hash: tombstoneOf(store, id),
      born: randomBytes(16).toString("base64url"),
      consent: consent === true ? 1 : 0,
    },
    ...{ created: store.now(), revision: 0, removed: 0, next: 0 },
  };
  const put = await store.db.transaction().execute(async (trx) => {
    await lockTombstone(store, trx, row.hash);
    // In SQLite a write comes first: it waits for an erasure that is being done.
    const made = await trx
      .insertInto("users")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .returningAll()
      .executeTakeFirst();
    const last = await lastErased(scope, trx);
    if (erased !== undefined && last !== erased) throw new UserGone();
    if (made !== undefined) return { user: await laterThan(trx, made, last), made: true };
    const user = await setConsent(trx, id, consent);
    return user === undefined ? null : { user, made: false };
  });
  // Erased between the two: they are put as a new one.
  return put ?? putUser(scope, { consent }, erased);
}

/** What was kept by consent goes with it. */
async function setConsent(trx: Transaction<Tables>, id: string, consent?: boolean): Promise<UserRow | undefined> {
  const changed = trx
    .updateTable("users")
    .set((row) => ({ consent: consent === undefined ? row.ref("consent") : Number(consent) }));
  const user = await changed.where("id", "=", id).returningAll().executeTakeFirst();
  if (consent !== false) return user;
  await trx.deleteFrom("answers").where("user_id", "=", id).execute();
  await trx.deleteFrom("feedback").where("user_id", "=", id).execute();
  return user;
}

/** A new user is dated later than the erasure of one of that id, which would else be done again when the store is next opened. */
async function laterThan(trx: Transaction<Tables>, made: UserRow, erased: number): Promise<UserRow> {
  if (made.created > erased) return made;
  const created = erased + 1;
  await trx.updateTable("users").set({ created }).where("id", "=", made.id).execute();
  return { ...made, created };
}

/** Users by id, `after` one of them; one more than `limit`, where there are more. For who runs the server, never for a user. */
export async function pageUsers(store: Store, limit: number, after?: string): Promise<UserRow[]> {
  let query = store.db
    .selectFrom("users")
    .selectAll()
    .orderBy("id")
    .limit(limit + 1);
  if (after !== undefined) query = query.where("id", ">", after);
  return query.execute();
}
