import { createHmac } from "node:crypto";
import { resolve } from "node:path";
import { messageOf, TagprError } from "../core/errors.ts";
import type { OpenStore, Store } from "./store.ts";

export type { Store } from "./store.ts";

export interface OpenStoreOptions {
  readonly now: () => number;
  /** What relative paths start from. */
  readonly cwd: string;
  /** The file that says who was erased; without it, beside an SQLite file, and nowhere for PostgreSQL. */
  readonly tombstones?: string | undefined;
}

export const STORE_FORMS = "sqlite:PATH, or postgres://USER@HOST:PORT/DATABASE";

/**
 * Opens `sqlite:PATH` (made where it is not there) or a PostgreSQL database by URL, and brings its tables up to date.
 * @throws TagprError `usage` for any other form, `environment` where it can't be reached, `data` where it is no store of ours
 */
export async function openStore(url: string, { now, cwd, tombstones }: OpenStoreOptions): Promise<Store> {
  const file = sqlitePath(url, cwd);
  if (file !== null) {
    const name = `sqlite:${file}`;
    const { openSqlite } = await import("./sqlite.ts");
    const stones = tombstones === undefined ? `${file}.erased` : resolve(cwd, tombstones);
    const parts = { name, path: file, pool: null, db: openSqlite(file), tombstones: stones };
    return ready({ kind: "sqlite", ...parts }, now);
  }
  if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new TagprError("usage", `${/[@:]/.test(url) ? "that" : url} is no store`, { hint: `Give ${STORE_FORMS}.` });
  const { host, pathname } = new URL(url);
  const name = `postgres://${host}${pathname}`;
  const { openPostgres } = await import("./postgres.ts");
  const stones = tombstones === undefined ? null : resolve(cwd, tombstones);
  return ready({ kind: "postgres", name, path: null, ...openPostgres(url), tombstones: stones }, now);
}

/** The file of `sqlite:PATH`; null for any other form. */
export function sqlitePath(url: string, cwd: string): string | null {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  return path === undefined ? null : resolve(cwd, path.replace(/^\/\/(?=\/)/, ""));
}

async function ready(parts: Omit<OpenStore, "hash" | "now" | "close">, now: Store["now"]): Promise<Store> {
  const { db, kind, name } = parts;
  // Programs that open no store need not load what speaks to one.
  const [{ sql }, { migrate }, { applyTombstones }] = await Promise.all([
    ...([import("kysely"), import("./migrations.ts"), import("./erase.ts")] as const),
  ]);
  try {
    await migrate(db, kind, name);
    const { value } = await db
      .selectFrom("meta")
      .select("value")
      .where("name", "=", "secret")
      .executeTakeFirstOrThrow();
    const hash = (purpose: string, text: string): string =>
      createHmac("sha256", value).update(`${purpose}\n${text}`).digest("base64url");
    const close = async (): Promise<void> => {
      // Else the database stays in two files, of which a backup may copy one.
      if (kind === "sqlite") await sql`pragma wal_checkpoint(truncate)`.execute(db).catch(() => {});
      await db.destroy();
    };
    const store = { ...parts, hash, now, close };
    return { ...store, erasedAgain: await applyTombstones(store) };
  } catch (error) {
    await db.destroy();
    if (error instanceof TagprError) throw error;
    const said = messageOf(error) || (error instanceof AggregateError ? messageOf(error.errors[0]) : String(error));
    throw new TagprError("environment", `the store ${name} can't be opened: ${said}`, {
      hint:
        kind === "sqlite"
          ? "Is it an SQLite file, and no other program's?"
          : "Does it run, and may this user make tables there?",
      cause: error,
    });
  }
}
