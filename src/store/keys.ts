import { randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import { TagprError } from "../core/errors.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { ID_HINT, idFault } from "./user.ts";

/** What a key is for: to ask, to read and change what is kept of users, or everything. */
export const SCOPES = ["ask", "write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** A key as it is kept, which nobody can ask with. */
export interface Key {
  /** Names it in lists and logs. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Whom alone it is for; null: everybody. */
  readonly users: readonly string[] | null;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly revoked: number | null;
}

export interface NewKey {
  /** What a person calls it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly users: readonly string[] | null;
}

/** So that a key is known for one wherever it turns up. */
const PREFIX = "tagpr_";

/**
 * Makes a key; `secret` is told this once. It is 256 random bits: nobody guesses it, however fast they hash, so that a hash keyed
 * with the store's secret keeps it as well as a slow one would (that protects passwords), and is found by an index with every request.
 * @throws TagprError `usage` where no such key makes sense
 */
export async function addKey(store: Store, wanted: NewKey): Promise<{ readonly key: Key; readonly secret: string }> {
  const { name, scopes, users } = checked(wanted);
  const id = randomBytes(6).toString("hex");
  const secret = `${PREFIX}${randomBytes(32).toString("base64url")}`;
  const row = {
    ...{ id, hash: hashOf(store, secret), name, scopes: JSON.stringify(scopes) },
    ...{ bound: users === null ? 0 : 1, created: store.now(), revoked: null },
  };
  await store.db.transaction().execute(async (trx) => {
    await trx.insertInto("keys").values(row).execute();
    if (users !== null)
      await trx
        .insertInto("key_users")
        .values(users.map((user) => ({ key_id: id, user_id: user })))
        .execute();
  });
  return { key: keyOf(row, users ?? []), secret };
}

function checked({ name, scopes, users }: NewKey): NewKey {
  if (idFault(name) !== null) throw new TagprError("usage", `the key's name ${idFault(name)}`, { hint: ID_HINT });
  if (scopes.length === 0)
    throw new TagprError("usage", "the key is for nothing", { hint: `Give it one of ${SCOPES.join(", ")}.` });
  if (users?.length === 0)
    throw new TagprError("usage", "the key is bound to nobody", { hint: "Name the users that it is for, or none." });
  if (users !== null && scopes.includes("admin"))
    throw new TagprError("usage", "a key for admins reaches every user, and can't be bound to some", {
      hint: "Give it ask or write, or bind it to nobody.",
    });
  for (const user of users ?? [])
    if (idFault(user) !== null)
      throw new TagprError("usage", `the user's id ${JSON.stringify(user)} ${idFault(user)}`, { hint: ID_HINT });
  return { name, scopes: SCOPES.filter((scope) => scopes.includes(scope)), users: users && [...new Set(users)].sort() };
}

const hashOf = ({ hash }: Store, secret: string): string => hash("key", secret);

/** The key that a client sends; null where there is none, or it was revoked. Nothing of it is kept in memory: a revoked one is refused at once, by every instance. */
export async function findKey(store: Store, secret: string): Promise<Key | null> {
  const row = await store.db
    .selectFrom("keys")
    .selectAll()
    .where("hash", "=", hashOf(store, secret))
    .where("revoked", "is", null)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.bound === 0) return keyOf(row, []);
  const users = await store.db.selectFrom("key_users").select("user_id").where("key_id", "=", row.id).execute();
  return keyOf(
    row,
    users.map(({ user_id }) => user_id),
  );
}

/** All keys, the revoked ones too, oldest first. */
export async function listKeys({ db }: Store): Promise<Key[]> {
  const rows = await db.selectFrom("keys").selectAll().orderBy("created").orderBy("id").execute();
  const users = await db.selectFrom("key_users").selectAll().orderBy("user_id").execute();
  return rows.map((row) =>
    keyOf(
      row,
      users.filter(({ key_id }) => key_id === row.id).map(({ user_id }) => user_id),
    ),
  );
}

/** Revokes a key by its id; null where there is none. One that was revoked before stays so since then. */
export async function revokeKey({ db, now }: Store, id: string): Promise<{ readonly revoked: number } | null> {
  await db.updateTable("keys").set({ revoked: now() }).where("id", "=", id).where("revoked", "is", null).execute();
  const row = await db.selectFrom("keys").select("revoked").where("id", "=", id).executeTakeFirst();
  return row === undefined || row.revoked === null ? null : { revoked: row.revoked };
}

const keyOf = (row: Selectable<Tables["keys"]>, users: readonly string[]): Key => ({
  ...{ id: row.id, name: row.name, scopes: JSON.parse(row.scopes) as Scope[] },
  ...{ users: row.bound === 0 ? null : users, created: row.created, revoked: row.revoked },
});
