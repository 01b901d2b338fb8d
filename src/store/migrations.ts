import { randomBytes } from "node:crypto";
import { type Kysely, type Migration, type MigrationProvider, Migrator, type RawBuilder, sql } from "kysely";
import { messageOf, TagprError } from "../core/errors.ts";
import type { Kind } from "./store.ts";
import { RATES_TABLE, type Tables } from "./tables.ts";

/** Brings a database to the newest tables; says where it is of a later TagPR. Safe while others do the same. */
export async function migrate(db: Kysely<Tables>, kind: Kind, name: string): Promise<void> {
  const migrator = new Migrator({ db, provider: provider(kind) });
  let { error } = await migrator.migrateToLatest();
  // Of two processes that make one SQLite file the second fails where the first has been: PostgreSQL has a lock for that.
  for (let i = 1; error !== undefined && kind === "sqlite" && i < ATTEMPTS; i++)
    ({ error } = await migrator.migrateToLatest());
  if (error === undefined) return;
  if (/corrupted migrations/.test(messageOf(error)))
    throw new TagprError("data", `${name} was written by a later TagPR`, {
      hint: "Take that version, or another store.",
      cause: error,
    });
  throw error;
}

const ATTEMPTS = 5;

/** In order of their names, each once. What has been released is never edited. */
const provider = (kind: Kind): MigrationProvider => ({
  getMigrations: async () => ({ "0001_users": first(kind) }),
});

function first(kind: Kind): Migration {
  // Ids are compared byte by byte, as SQLite does it.
  const id: RawBuilder<unknown> = kind === "postgres" ? sql`text collate "C"` : sql`text`;
  const bytes = kind === "postgres" ? sql`bytea` : sql`blob`;
  const ms = "bigint" as const;
  const create = async (db: Kysely<unknown>): Promise<void> => {
    const table = (name: string) => db.schema.createTable(name);
    const ofUser = (name: string) =>
      table(name).addColumn("user_id", id, (column) => column.notNull().references("users.id").onDelete("cascade"));
    await table("meta")
      .addColumn("name", id, (column) => column.primaryKey())
      .addColumn("value", "text", (column) => column.notNull())
      .execute();
    await table("users")
      .addColumn("id", id, (column) => column.primaryKey())
      .addColumn("hash", id, (column) => column.notNull().unique())
      .addColumn("born", "text", (column) => column.notNull())
      .addColumn("consent", "integer", (column) => column.notNull())
      .addColumn("created", ms, (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("removed", "integer", (column) => column.notNull())
      .addColumn("next", "integer", (column) => column.notNull())
      .execute();
    await ofUser("items")
      .addColumn("task", id, (column) => column.notNull())
      .addColumn("id", id, (column) => column.notNull())
      .addColumn("date", "text")
      .addColumn("fields", "text", (column) => column.notNull())
      .addColumn("place", "integer", (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("time", ms, (column) => column.notNull())
      .addPrimaryKeyConstraint("items_key", ["user_id", "task", "id"])
      .execute();
    await db.schema.createIndex("items_place").on("items").columns(["user_id", "place"]).execute();
    await db.schema.createIndex("items_revision").on("items").columns(["user_id", "task", "revision"]).execute();
    await ofUser("vectors")
      .addColumn("task", id, (column) => column.notNull())
      .addColumn("item", id, (column) => column.notNull())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("vector", bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint("vectors_key", ["user_id", "task", "item", "model"])
      .addForeignKeyConstraint(
        "vectors_item",
        ["user_id", "task", "item"],
        "items",
        ["user_id", "task", "id"],
        (constraint) => constraint.onDelete("cascade"),
      )
      .execute();
    await ofUser("requests")
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("request", "text", (column) => column.notNull())
      .addColumn("status", "integer", (column) => column.notNull())
      .addColumn("reply", "text", (column) => column.notNull())
      .addColumn("time", ms, (column) => column.notNull())
      .addPrimaryKeyConstraint("requests_key", ["user_id", "key"])
      .execute();
    await db.schema.createIndex("requests_time").on("requests").column("time").execute();
    await ofUser("answers")
      .addColumn("id", id, (column) => column.primaryKey())
      .addColumn("task", id, (column) => column.notNull())
      .addColumn("input", "text", (column) => column.notNull())
      .addColumn("given", "text")
      .addColumn("shown", "text", (column) => column.notNull())
      .addColumn("answer", "text", (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("time", ms, (column) => column.notNull())
      .execute();
    await db.schema.createIndex("answers_user").on("answers").column("user_id").execute();
    await db.schema.createIndex("answers_time").on("answers").column("time").execute();
    await ofUser("feedback")
      .addColumn("id", id, (column) => column.primaryKey())
      .addColumn("task", id, (column) => column.notNull())
      .addColumn("input", "text", (column) => column.notNull())
      .addColumn("given", "text")
      .addColumn("answer", "text")
      .addColumn("gold", "text")
      .addColumn("grade", "double precision")
      .addColumn("asked", ms, (column) => column.notNull())
      .addColumn("completion", "text", (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("time", ms, (column) => column.notNull())
      .execute();
    await db.schema.createIndex("feedback_user").on("feedback").columns(["user_id", "time"]).execute();
    await table("keys")
      .addColumn("id", id, (column) => column.primaryKey())
      .addColumn("hash", "text", (column) => column.notNull().unique())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("scopes", "text", (column) => column.notNull())
      .addColumn("bound", "integer", (column) => column.notNull())
      .addColumn("created", ms, (column) => column.notNull())
      .addColumn("revoked", ms)
      .execute();
    await table("key_users")
      .addColumn("key_id", id, (column) => column.notNull().references("keys.id").onDelete("cascade"))
      .addColumn("user_id", id, (column) => column.notNull())
      .addPrimaryKeyConstraint("key_users_key", ["key_id", "user_id"])
      .execute();
    await db.schema.createIndex("key_users_user").on("key_users").column("user_id").execute();
    await table("tombstones")
      .addColumn("hash", id, (column) => column.primaryKey())
      .addColumn("time", ms, (column) => column.notNull())
      .execute();
    if (kind === "postgres")
      await table(RATES_TABLE)
        .addColumn("key", "varchar(255)", (column) => column.primaryKey())
        .addColumn("points", "integer", (column) => column.notNull().defaultTo(0))
        .addColumn("expire", ms)
        .execute();
    const secret = { name: "secret", value: randomBytes(32).toString("base64url") };
    await (db as Kysely<Tables>).insertInto("meta").values(secret).execute();
  };
  return { up: create };
}
