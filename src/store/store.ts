import type { Kysely } from "kysely";
import type pg from "pg";
import type { Tables } from "./tables.ts";

/** Which database it is: the few types and clauses that differ. */
export type Kind = "sqlite" | "postgres";

/** Users and what they left, in a database. */
export interface Store extends OpenStore {
  /** Users that came back with a backup, and were erased again when the store was opened. */
  readonly erasedAgain: number;
}

/** A store whose tables are there. */
export interface OpenStore {
  readonly kind: Kind;
  /** As a person may read it: no password. */
  readonly name: string;
  /** The database's file, of SQLite. */
  readonly path: string | null;
  /** The connections, of PostgreSQL. */
  readonly pool: pg.Pool | null;
  /** The file that says who was erased, beside what the database itself says; null: none. */
  readonly tombstones: string | null;
  readonly db: Kysely<Tables>;
  /** A hash that nobody can look up without the store's own secret, the same in every instance; one a purpose. Base64url, 43 characters. */
  readonly hash: (purpose: string, text: string) => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly close: () => Promise<void>;
}
