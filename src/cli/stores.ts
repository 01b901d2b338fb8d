import { existsSync } from "node:fs";
import { Option } from "@commander-js/extra-typings";
import { TagprError } from "../core/errors.ts";
import { openStore, STORE_FORMS, type Store, sqlitePath } from "../store/open.ts";
import type { Io } from "./io.ts";

/** `--store`, which a variable may give. */
export const STORE = new Option(
  "--store <url>",
  `users that come and go: ${STORE_FORMS}; better set as TAGPR_STORE where it holds a password (docs/serving.md)`,
);

/** The store that a command line or the environment names; undefined where neither does. */
export const storeUrl = (io: Io, given: string | undefined): string | undefined =>
  given ?? (io.env.TAGPR_STORE || undefined);

/**
 * Opens a store for `work`, and closes it. `make`: an SQLite file that is not there is made.
 * @throws TagprError `usage` where none is named, or it is not there
 */
export async function withStore<T>(
  io: Io,
  given: string | undefined,
  { make }: { readonly make: boolean },
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const url = storeUrl(io, given);
  if (url === undefined)
    throw new TagprError("usage", "no store is named", { hint: `Give --store ${STORE_FORMS}, or set TAGPR_STORE.` });
  const path = sqlitePath(url, io.cwd);
  if (!make && path !== null && !existsSync(path))
    throw new TagprError("usage", `there is no store ${path}`, { hint: "Is its path right? tagpr serve makes one." });
  const store = await openStore(url, { now: Date.now, cwd: io.cwd });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
