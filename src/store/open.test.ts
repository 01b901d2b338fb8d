import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { openStore } from "./open.ts";
import { describeStores } from "./testing/stores.ts";

const OPTIONS = { now: Date.now, cwd: tmpdir() };

describeStores("a store", ({ url, open }, kind) => {
  it("is made when it is first opened, and keeps its secret: two instances hash alike, two stores do not", async () => {
    const at = await url();
    const [one, two, other] = [await open(at), await open(at), await open()];
    expect(one.hash("salt", "ann")).toBe(two.hash("salt", "ann"));
    expect(one.hash("salt", "ann")).not.toBe(one.hash("other", "ann"));
    expect(one.hash("salt", "ann")).not.toBe(other.hash("salt", "ann"));
  });

  it("has what it acknowledged on the disk", async () => {
    const { db } = await open();
    const setting = kind === "sqlite" ? sql`pragma synchronous` : sql`show synchronous_commit`;
    // SQLite's 2 is FULL.
    expect((await setting.execute(db)).rows).toEqual([
      kind === "sqlite" ? { synchronous: 2 } : { synchronous_commit: "on" },
    ]);
  });

  it("may be opened by several at once, the first time too", async () => {
    const at = await url();
    const stores = await Promise.all([open(at), open(at), open(at)]);
    expect(new Set(stores.map(({ hash }) => hash("x", "y"))).size).toBe(1);
  });

  it("of a later TagPR is refused", async () => {
    const at = await url();
    const store = await open(at);
    await sql`insert into kysely_migration (name, timestamp) values ('9999_later', '2030')`.execute(store.db);
    await expect(open(at)).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(/written by a later TagPR/),
    });
  });

  it("everything of a user goes with their row: each table refers to it, or is known not to", async () => {
    const { db } = await open();
    const tables = (await db.introspection.getTables()).filter(({ name }) => !/^(kysely|pg)_/.test(name));
    const rates = kind === "postgres" ? ["rates"] : [];
    const free = ["meta", "users", "keys", "key_users", "tombstones", ...rates];
    for (const { name, columns } of tables.filter((table) => !free.includes(table.name))) {
      expect(columns.map((column) => column.name)).toContain("user_id");
      const { rows } = await sql<{ n: number }>`${
        kind === "sqlite"
          ? sql`select count(*) as n from pragma_foreign_key_list(${name}) where "table" = 'users' and on_delete = 'CASCADE'`
          : sql`select count(*) as n from pg_constraint where conrelid = ${name}::regclass and confrelid = 'users'::regclass and confdeltype = 'c'`
      }`.execute(db);
      expect([name, rows[0]?.n]).toEqual([name, 1]);
    }
    expect(tables.map(({ name }) => name).sort()).toEqual(
      [...free, "items", "vectors", "requests", "answers", "feedback"].sort(),
    );
  });
});

it.each(["ann.db", "mysql://x/y", "sqlite:", "postgres:nothing", "postgres://a:s3cret@[/x"])(
  "%s is no store",
  async (url) => {
    const failed = openStore(url, OPTIONS);
    await expect(failed).rejects.toMatchObject({ code: "usage", hint: expect.stringMatching(/sqlite:PATH/) });
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringMatching(/s3cret/) });
  },
);

it("what is no database, or can't be reached, is said in a sentence without the password", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tagpr-store-"));
  writeFileSync(join(dir, "text.db"), "no database at all, but longer than its header of a hundred bytes".repeat(4));
  await expect(openStore(`sqlite:${dir}/text.db`, OPTIONS)).rejects.toMatchObject({ code: "environment" });
  await expect(openStore(`sqlite:${dir}`, OPTIONS)).rejects.toMatchObject({
    message: expect.stringMatching(/is a folder/),
  });
  const away = openStore("postgres://ann:s3cret@127.0.0.1:1/x", OPTIONS);
  await expect(away).rejects.toMatchObject({
    code: "environment",
    message: expect.stringMatching(/postgres:..127.0.0.1:1.x can't be opened/),
  });
  await expect(away).rejects.toMatchObject({ message: expect.not.stringMatching(/s3cret/) });
});

it("an SQLite file is its owner's alone", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tagpr-store-"));
  const store = await openStore("sqlite:a.db", { now: Date.now, cwd: dir });
  for (const name of ["a.db", "a.db-wal"]) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
  await store.close();
});
