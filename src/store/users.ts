import { randomBytes } from "node:crypto";
import type { Store } from "./store.ts";
import { tombstoneOf } from "./tombstones.ts";
import { findUser, type UserRow, type UserScope } from "./user.ts";

export interface PutUser {
  /** Left out: as it was, and no for a new user. */
  readonly consent?: boolean | undefined;
}

/** Makes a user, or changes what is known of them; `made`: whether they were not there before. */
export async function putUser(
  scope: UserScope,
  { consent }: PutUser,
): Promise<{ readonly user: UserRow; readonly made: boolean }> {
  const { store, user: id } = scope;
  const row = {
    ...{
      id,
      hash: tombstoneOf(store, id),
      born: randomBytes(16).toString("base64url"),
      consent: consent === true ? 1 : 0,
    },
    ...{ created: await creation(scope), revision: 0, removed: 0, next: 0 },
  };
  const made = await store.db
    .insertInto("users")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (made !== undefined) return { user: made, made: true };
  if (consent !== undefined) await setConsent(scope, consent);
  const user = await findUser(scope);
  // Erased between the two: they are put as a new one.
  return user === null ? putUser(scope, { consent }) : { user, made: false };
}

/** What was kept by consent goes with it. */
function setConsent({ store, user }: UserScope, consent: boolean): Promise<void> {
  return store.db.transaction().execute(async (trx) => {
    await trx
      .updateTable("users")
      .set({ consent: consent ? 1 : 0 })
      .where("id", "=", user)
      .execute();
    if (consent) return;
    await trx.deleteFrom("answers").where("user_id", "=", user).execute();
    await trx.deleteFrom("feedback").where("user_id", "=", user).execute();
  });
}

/** Later than the erasure of a user of that id, which would else be done again when the store is next opened. */
async function creation({ store, user }: UserScope): Promise<number> {
  const hash = tombstoneOf(store, user);
  const erased = await store.db.selectFrom("tombstones").select("time").where("hash", "=", hash).executeTakeFirst();
  return Math.max(store.now(), (erased?.time ?? 0) + 1);
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
