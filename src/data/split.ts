import { groupBy } from "../core/group.ts";
import { stream } from "../core/random.ts";
import { oldestFirst } from "./dates.ts";
import type { Example } from "./types.ts";

/** What cutting looks at of a query. */
type Owned = Pick<Example, "id" | "user" | "date">;

/** A query without a user is its own user. */
const ownerOf = ({ user, id }: Owned): string => (user === null ? `query ${id}` : `user ${user}`);

/**
 * Cuts queries into train and dev by user: no user of dev is in train. A query without a user is its own user. At
 * least `devShare` of the users go to dev, drawn by the seed.
 */
export function splitByUser<T extends Owned>(
  queries: readonly T[],
  options: { seed: number; devShare: number },
): { train: T[]; dev: T[] } {
  const users = stream(options.seed, "split").shuffle([...new Set(queries.map(ownerOf))].sort());
  const dev = new Set(users.slice(0, Math.ceil(users.length * options.devShare)));
  return {
    train: queries.filter((query) => !dev.has(ownerOf(query))),
    dev: queries.filter((query) => dev.has(ownerOf(query))),
  };
}

/** Cuts queries by time: each user's newest query goes to dev if the user has others, which stay in train. */
export function splitByTime<T extends Owned>(queries: readonly T[]): { train: T[]; dev: T[] } {
  const byUser = groupBy(queries, ownerOf);
  const dev = new Set<T>();
  for (const own of byUser.values()) {
    const newest = oldestFirst(own).at(-1);
    if (own.length > 1 && newest !== undefined) dev.add(newest);
  }
  return { train: queries.filter((query) => !dev.has(query)), dev: [...dev] };
}
