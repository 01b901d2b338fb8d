import { existsSync } from "node:fs";
import { sql, type Transaction } from "kysely";
import { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { appendJsonl, readWholeLines } from "../core/jsonl.ts";
import type { OpenStore } from "./store.ts";
import type { Tables } from "./tables.ts";

/** Who was erased, by the hash of their id, and when (milliseconds since 1970). */
export interface Tombstone {
  readonly hash: string;
  readonly time: number;
}

const headSchema = z.object({ format: z.literal(1), store: z.string() });
const lineSchema = z.object({ hash: z.string(), time: z.number() });

/** What is left of an id when its user is erased: nobody can look it up without the store's secret. */
export const tombstoneOf = ({ hash }: Pick<OpenStore, "hash">, id: string): string => hash("tombstone", id);

/**
 * Makes the making and the erasing of one user wait for each other, to the end of the transaction: else neither sees what the other has
 * not yet committed. In SQLite one transaction writes at a time.
 */
export async function lockTombstone(
  store: Pick<OpenStore, "kind">,
  trx: Transaction<Tables>,
  hash: string,
): Promise<void> {
  if (store.kind === "postgres") await sql`select pg_advisory_xact_lock(hashtextextended(${hash}, 0))`.execute(trx);
}

/**
 * Tombstones stand twice: in the table, where every instance sees them, and in a file beside the database, since a backup of
 * the database that is restored has the table as it was. Brings either up to the other.
 * @throws TagprError `data` where the file is of another store
 */
export async function syncTombstones(store: OpenStore): Promise<void> {
  const kept = await store.db.selectFrom("tombstones").selectAll().execute();
  const written = readTombstones(store);
  for (const [hash, time] of written)
    if (!kept.some((one) => one.hash === hash && one.time >= time)) await keepTombstone(store.db, { hash, time });
  writeTombstones(
    store,
    kept.filter(({ hash, time }) => (written.get(hash) ?? -1) < time),
  );
}

export async function keepTombstone(db: Pick<OpenStore["db"], "insertInto">, stone: Tombstone): Promise<void> {
  await db
    .insertInto("tombstones")
    .values(stone)
    .onConflict((conflict) =>
      conflict
        .column("hash")
        .doUpdateSet(({ ref }) => ({ time: ref("excluded.time") }))
        .where(({ eb, ref }) => eb("tombstones.time", "<", ref("excluded.time"))),
    )
    .execute();
}

/** Appends to the file, where the store has one; on the disk when the call returns. */
export function writeTombstones(store: OpenStore, stones: readonly Tombstone[]): void {
  const { tombstones: path } = store;
  if (path === null || stones.length === 0) return;
  const head = existsSync(path) ? [] : [{ format: 1, store: nameOf(store) }];
  appendJsonl(path, [...head, ...stones.map(({ hash, time }) => ({ hash, time }))]);
}

function readTombstones(store: OpenStore): Map<string, number> {
  const { tombstones: path } = store;
  const known = new Map<string, number>();
  const [head, ...lines] = path === null ? [] : readWholeLines<unknown>(path);
  if (head === undefined) return known;
  if (headSchema.safeParse(head).data?.store !== nameOf(store))
    throw new TagprError("data", `${path} says who was erased from another store`, {
      hint: "Give the file that belongs to this store with --tombstones, or move that one away.",
    });
  for (const line of lines) {
    const { hash, time } = lineSchema.parse(line);
    known.set(hash, Math.max(time, known.get(hash) ?? 0));
  }
  return known;
}

const nameOf = ({ hash }: OpenStore): string => hash("tombstones", "");
