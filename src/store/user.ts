import type { Selectable, Transaction } from "kysely";
import { TagprError } from "../core/errors.ts";
import type { UserId } from "../data/types.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Everything that is read or written of a user goes through a scope, which holds exactly one. */
export interface UserScope {
  readonly store: Store;
  readonly user: UserId;
  readonly [SCOPE]: true;
}

const SCOPE: unique symbol = Symbol("scope");

/** The longest id of a user or an item, in UTF-16 units. */
const LONGEST_ID = 256;

/**
 * The boundary between users: what is done with the scope that comes back sees and changes this one user's rows alone.
 * @throws TagprError `usage` where the id can't be one
 */
export function scopeOf(store: Store, user: string): UserScope {
  const fault = idFault(user);
  if (fault !== null) throw new TagprError("usage", `the user's id ${fault}`, { hint: ID_HINT });
  return { store, user: user as UserId, [SCOPE]: true };
}

export const ID_HINT = `An id has 1 to ${LONGEST_ID} characters, none of them a control character.`;

/** Why a text can't be an id; null where it can. Any other text is one: an id is data, and never a path. */
export function idFault(id: string): string | null {
  if (id === "") return "is empty";
  if (id.length > LONGEST_ID) return `has more than ${LONGEST_ID} characters`;
  if (/[\p{Cc}\p{Cs}]/u.test(id)) return "holds a control character, or half of one";
  // A URL's path can't hold them, whatever is escaped.
  return id === "." || id === ".." ? "is a dot, which no URL can name" : null;
}

export type UserRow = Selectable<Tables["users"]>;

/** Null where there is no such user. */
export async function findUser({ store, user }: UserScope): Promise<UserRow | null> {
  return (await store.db.selectFrom("users").selectAll().where("id", "=", user).executeTakeFirst()) ?? null;
}

/** One short transaction that changes what there is of a user. */
export interface Change {
  readonly trx: Transaction<Tables>;
  /** As they were, but with the revision of this change. */
  readonly user: UserRow;
}

/**
 * Runs `work` in one transaction that no other change of this user runs beside. `born`: of whom this was begun for; where they
 * were erased meanwhile nothing is written, even if somebody was put under the same id again. `changes: false`: what is written is
 * no change of their items.
 * @throws UserGone
 */
export function change<T>(
  { store, user: id }: UserScope,
  work: (change: Change) => Promise<T>,
  { born, changes = true }: { readonly born?: string; readonly changes?: boolean } = {},
): Promise<T> {
  return store.db.transaction().execute(async (trx) => {
    // A write comes first: it locks the user's row, and SQLite's file.
    let query = trx
      .updateTable("users")
      .set((row) => ({ revision: row("revision", "+", changes ? 1 : 0) }))
      .where("id", "=", id);
    if (born !== undefined) query = query.where("born", "=", born);
    const user = await query.returningAll().executeTakeFirst();
    if (user === undefined) throw new UserGone();
    return work({ trx, user });
  });
}

/** There is no such user, or no longer. */
export class UserGone extends Error {
  constructor() {
    super("there is no such user");
    this.name = "UserGone";
  }
}
