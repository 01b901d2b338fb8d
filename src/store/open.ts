import { createHmac } from "node:crypto";
import { resolve } from "node:path";
import type { Kysely } from "kysely";
import type pg from "pg";
import { messageOf, TagprError } from "../core/errors.ts";
import type { Kind } from "./migrations.ts";
import type { Tables } from "./tables.ts";

/** Users and what they left, in a database. */
export interface Store {
  readonly kind: Kind;
  /** As a person may read it: no password. */
  readonly name: string;
  /** The database's file, of SQLite. */
  readonly path: string | null;
  /** The connections, of PostgreSQL. */
  readonly pool: pg.Pool | null;
  readonly db: Kysely<Tables>;
  /** A hash that nobody can look up without the store's own secret, the same in every instance; one a purpose. Base64url, 43 characters. */
  readonly hash: (purpose: string, text: string) => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly close: () => Promise<void>;
}

export interface OpenStoreOptions {
  readonly now: () => number;
  /** What relative paths start from. */
  readonly cwd: string;
}

export const STORE_FORMS = "sqlite:PATH, or postgres://USER@HOST:PORT/DATABASE";

/**
 * Opens `sqlite:PATH` (made where it is not there) or a PostgreSQL database by URL, and brings its tables up to date.
 * @throws TagprError `usage` for any other form, `environment` where it can't be reached, `data` where it is no store of ours
 */
export async function openStore(url: string, { now, cwd }: OpenStoreOptions): Promise<Store> {
  const file = sqlitePath(url, cwd);
  if (file !== null) {
    const name = `sqlite:${file}`;
    const { openSqlite } = await import("./sqlite.ts");
    return ready({ kind: "sqlite", name, path: file, pool: null, db: openSqlite(file) }, now);
  }
  if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new TagprError("usage", `${/[@:]/.test(url) ? "that" : url} is no store`, { hint: `Give ${STORE_FORMS}.` });
  const { host, pathname } = new URL(url);
  const name = `postgres://${host}${pathname}`;
  const { openPostgres } = await import("./postgres.ts");
  return ready({ kind: "postgres", name, path: null, ...openPostgres(url) }, now);
}

/** The file of `sqlite:PATH`; null for any other form. */
export function sqlitePath(url: string, cwd: string): string | null {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  return path === undefined ? null : resolve(cwd, path.replace(/^\/\/(?=\/)/, ""));
}

async function ready(parts: Omit<Store, "hash" | "now" | "close">, now: Store["now"]): Promise<Store> {
  const { db, kind, name } = parts;
  // Programs that open no store need not load what speaks to one.
  const { migrate } = await import("./migrations.ts");
  try {
    await migrate(db, kind, name);
    const { value } = await db
      .selectFrom("meta")
      .select("value")
      .where("name", "=", "secret")
      .executeTakeFirstOrThrow();
    const hash = (purpose: string, text: string): string =>
      createHmac("sha256", value).update(`${purpose}\n${text}`).digest("base64url");
    return { ...parts, hash, now, close: () => db.destroy() };
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
