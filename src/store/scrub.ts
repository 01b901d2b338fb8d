import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { sql } from "kysely";
import { messageOf, TagprError } from "../core/errors.ts";
import type { OpenStore } from "./store.ts";

/** Tables that hold something of users. */
const TABLES = ["users", "items", "vectors", "requests", "answers", "feedback", "key_users"] as const;

interface Scrubs {
  running: Promise<void>;
  next: Promise<void> | null;
}
const scrubs = new WeakMap<OpenStore["db"], Scrubs>();

/**
 * Removes what deleted rows left behind in the database's own files. One runs at a time; calls that come while one runs share
 * the next.
 *
 * SQLite overwrites deleted rows (`secure_delete`), but not the copies that its pages keep of rows and keys that were moved, nor the
 * write-ahead log: the file is built anew and the log cut to nothing. That takes as long as the whole database is large, in a
 * thread of its own; statements of this process wait for it. PostgreSQL frees the rows and their places in every index; its
 * log, and bytes of free space in its files until they are used again, are out of reach.
 * @throws TagprError `environment` where another process holds SQLite's file for long
 */
export function scrub(store: OpenStore): Promise<void> {
  const one = scrubs.get(store.db);
  if (one === undefined) {
    const first: Scrubs = { running: Promise.resolve(), next: null };
    scrubs.set(store.db, first);
    first.running = run(store).finally(() => scrubs.delete(store.db));
    return first.running;
  }
  one.next ??= one.running.catch(() => {}).then(() => scrub(store));
  return one.next;
}

const run = (store: OpenStore): Promise<void> =>
  store.path === null ? scrubPostgres(store) : scrubSqlite(store, store.path);

async function scrubPostgres({ pool }: OpenStore): Promise<void> {
  const client = await pool?.connect();
  if (client === undefined) return;
  try {
    await client.query("set statement_timeout = 0");
    // Without the option indexes with few dead rows are passed over.
    await client.query(`vacuum (index_cleanup on) ${TABLES.map((name) => `"${name}"`).join(", ")}`);
  } finally {
    await client.query("reset statement_timeout").catch(() => {});
    client.release();
  }
}

function scrubSqlite({ db, name }: OpenStore, path: string): Promise<void> {
  // Its own connection rests meanwhile, so that no reader keeps the log.
  return db.connection().execute(async (held) => {
    await sql`select 1`.execute(held);
    const busy = await inThread(path);
    if (busy)
      throw new TagprError("environment", `${name}: another process reads it and keeps its log`, {
        hint: "The rows are deleted, but their bytes may stand in the -wal file. End the other process and ask again.",
      });
  });
}

const THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
const Database = require(workerData.libsql);
const db = new Database(workerData.path);
try {
  db.exec("pragma busy_timeout = 30000; pragma secure_delete = ON");
  db.exec("vacuum");
  parentPort.postMessage({ busy: db.prepare("pragma wal_checkpoint(TRUNCATE)").all()[0].busy });
} catch (error) {
  parentPort.postMessage({ error: String(error.message), code: error.code });
} finally {
  db.close();
}
`;

function inThread(path: string): Promise<boolean> {
  const libsql = createRequire(import.meta.url).resolve("libsql");
  const worker = new Worker(THREAD, { eval: true, workerData: { path, libsql }, execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once("message", ({ busy, error, code }: { busy?: number; error?: string; code?: string }) => {
      if (error === undefined) resolve(busy !== 0);
      else if (code === "SQLITE_BUSY") resolve(true);
      else reject(new Error(error));
    });
    worker.once("error", (error) => reject(new Error(messageOf(error))));
  });
}
