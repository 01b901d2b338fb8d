import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { CompiledQuery, Kysely, SqliteDialect } from "kysely";
import Database from "libsql";
import { makeFolder, refuseFolder } from "../core/disk.ts";
import { guardDisk } from "../core/jsonl.ts";
import type { Tables } from "./tables.ts";

/**
 * What is acknowledged is on the disk (`synchronous=FULL`); what is deleted is overwritten (`secure_delete`); another process
 * at the same file is waited for.
 */
const PRAGMAS = [
  "busy_timeout = 5000",
  "journal_mode = WAL",
  "synchronous = FULL",
  "foreign_keys = ON",
  "secure_delete = ON",
  "temp_store = MEMORY",
];

/** Opens, or makes, the database at a path; only its owner may read it. @throws TagprError where the disk refuses */
export function openSqlite(path: string): Kysely<Tables> {
  guardDisk(path, () => {
    refuseFolder(path);
    makeFolder(dirname(path));
    // SQLite gives its other files the rights of this one.
    closeSync(openSync(path, "a", 0o600));
  });
  const database = new Database(path);
  return new Kysely<Tables>({
    dialect: new SqliteDialect({
      database,
      onCreateConnection: async (connection) => {
        for (const pragma of PRAGMAS) await connection.executeQuery(CompiledQuery.raw(`pragma ${pragma}`));
      },
    }),
  });
}
