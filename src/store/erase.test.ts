import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { eraseUser } from "./erase.ts";
import { countItems, putItems } from "./items.ts";
import { openStore, type Store } from "./open.ts";
import { once } from "./requests.ts";
import { POSTGRES_BIN } from "./testing/postgres.ts";
import { describeStores } from "./testing/stores.ts";
import { change, findUser, scopeOf, UserGone } from "./user.ts";
import { putUser } from "./users.ts";
import { keepVectors } from "./vectors.ts";

const item = (id: string, text: string) => ({ id, fields: { text } });

/** A user with something in every table, whose texts and ids all hold `canary`. */
async function fillUser(store: Store, id: string, canary: string) {
  const scope = scopeOf(store, id);
  const { user } = await putUser(scope, { consent: true });
  const row = { user_id: id, task: canary, given: canary, revision: 1, time: 1 };
  await change(scope, async (c) => {
    await once(c, { key: canary, request: 1 }, 1, async () => ({ status: 200, body: { ids: [canary] } }));
    await putItems(c, canary, [item(canary, `${canary} one`), item(`${canary}2`, canary.repeat(400))], 1);
    await c.trx
      .insertInto("answers")
      .values({ ...row, id: `a${canary}`, input: canary, shown: canary, answer: canary })
      .execute();
    const told = { input: canary, gold: canary, grade: 1, answer: canary, completion: canary, asked: 1 };
    await c.trx
      .insertInto("feedback")
      .values({ ...row, id: `f${canary}`, ...told })
      .execute();
    const keyId = store.hash("test", id);
    const key = { id: keyId, hash: keyId, name: "k", scopes: "[]", bound: 1, created: 1, revoked: null };
    await c.trx.insertInto("keys").values(key).execute();
    await c.trx.insertInto("key_users").values({ key_id: keyId, user_id: id }).execute();
  });
  const vector = new Float32Array(Uint8Array.from(Buffer.from(canary.padEnd(64, "#"))).buffer);
  await keepVectors(scope, { born: user.born, revision: 1 }, canary, canary, new Map([[canary, vector]]));
  return { scope, user };
}

const CANARY = "canary-of-ann";

describeStores("an erasure", ({ open, url }, kind) => {
  it("takes all that is kept of a user and nothing of another, and says how much there was; twice is no fault", async () => {
    const store = await open();
    const { scope } = await fillUser(store, `ann ${CANARY}`, CANARY);
    const other = await fillUser(store, "bob", "bobs");
    expect(await eraseUser(scope)).toEqual({ items: 2, vectors: 1, answers: 1, feedback: 1, requests: 1 });
    expect(await findUser(scope)).toBeNull();
    for (const table of ["users", "items", "vectors", "requests", "answers", "feedback", "key_users"] as const) {
      const rows = await store.db.selectFrom(table).selectAll().execute();
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toContain(CANARY);
    }
    // Their key is bound to nobody now, which is not to everybody.
    const left = store.db.selectFrom("key_users").select("user_id").where("key_id", "!=", store.hash("test", "bob"));
    expect(await left.execute()).toEqual([]);
    expect(await countItems(other.scope)).toEqual({ bobs: 2 });
    expect(await eraseUser(scope)).toBeNull();
  });

  it("nothing that was begun before writes afterwards, not even when the user is put again", async () => {
    const store = await open();
    const { scope, user } = await fillUser(store, "ann", CANARY);
    const late = () => change(scope, (c) => putItems(c, "t", [item("x", CANARY)], 1), { born: user.born });
    const vectors = () =>
      keepVectors(scope, { born: user.born, revision: 9 }, CANARY, "m", new Map([[CANARY, new Float32Array(2)]]));
    // What comes at the same time is either before it, and erased with the rest, or refused.
    const [erased, during] = await Promise.allSettled([eraseUser(scope), late(), late()]);
    expect(erased.status).toBe("fulfilled");
    if (during?.status === "rejected") expect(during.reason).toBeInstanceOf(UserGone);
    expect(await store.db.selectFrom("items").selectAll().execute()).toEqual([]);
    await putUser(scope, {});
    for (const write of [late, vectors]) await expect(write()).rejects.toThrow(UserGone);
    expect(await countItems(scope)).toEqual({});
  });

  it("who is put again stays when the store is next opened, whatever the clocks say", async () => {
    const at = await url();
    const store = await open(at, () => 1000);
    const scope = scopeOf(store, "ann");
    await putUser(scope, {});
    await eraseUser(scope);
    // An instance whose clock is behind.
    const behind = await open(at, () => 500);
    await putUser(scopeOf(behind, "ann"), {});
    const again = await open(at);
    expect(again.erasedAgain).toBe(0);
    expect(await findUser(scopeOf(again, "ann"))).not.toBeNull();
  });

  it("a backup that is restored brings nobody back: their tombstone stands outside of it", async () => {
    const dir = mkdtempSync(join(tmpdir(), "tagpr-backup-"));
    const [at, tombstones] = [await url(), join(dir, "stones")];
    const opening = (where: string) => openStore(where, { now: Date.now, cwd: dir, tombstones });
    const store = await opening(at);
    await fillUser(store, "ann", CANARY);
    await fillUser(store, "bob", "bobs");
    await store.close();
    const backup = join(dir, "backup");
    if (kind === "sqlite") copyFileSync(at.slice("sqlite:".length), backup);
    else execFileSync(join(POSTGRES_BIN ?? "", "pg_dump"), ["-Fc", "-f", backup, at]);
    const running = await opening(at);
    await eraseUser(scopeOf(running, "ann"));
    await running.close();
    expect(readFileSync(tombstones, "utf8")).not.toMatch(/ann/);
    const restored = kind === "sqlite" ? `sqlite:${backup}` : await url();
    if (kind === "postgres") execFileSync(join(POSTGRES_BIN ?? "", "pg_restore"), ["-d", restored, backup]);
    const back = await opening(restored);
    expect(back.erasedAgain).toBe(1);
    expect(await findUser(scopeOf(back, "ann"))).toBeNull();
    expect(await findUser(scopeOf(back, "bob"))).not.toBeNull();
    if (kind === "sqlite") expect(readFileSync(backup).includes(CANARY)).toBe(false);
    await back.close();
    rmSync(dir, { recursive: true });
  });

  it("the tombstones of another store are refused", async () => {
    const dir = mkdtempSync(join(tmpdir(), "tagpr-stones-"));
    const options = { now: Date.now, cwd: dir, tombstones: "stones" };
    const store = await openStore(await url(), options);
    await eraseUser(scopeOf(store, "ann"));
    await store.close();
    await expect(openStore(await url(), options)).rejects.toMatchObject({ code: "data" });
  });

  if (kind === "postgres")
    it("no row, no index and no new dump holds them", async () => {
      const at = await url();
      const store = await open(at);
      const { scope } = await fillUser(store, `ann ${CANARY}`, CANARY);
      await fillUser(store, "bob", "bobs");
      const dump = () => execFileSync(join(POSTGRES_BIN ?? "", "pg_dump"), [at]).toString();
      await store.pool?.query("create extension pageinspect");
      expect(dump()).toContain(CANARY);
      expect(await indexed(store)).toContain(CANARY);
      await eraseUser(scope);
      expect(dump()).not.toContain(CANARY);
      expect(await indexed(store)).not.toContain(CANARY);
      expect(await indexed(store)).toContain("bobs");
    });
});

/** What stands in the leaves of all our indexes. */
async function indexed({ pool }: Store): Promise<string> {
  const names = await pool?.query<{ name: string; pages: number }>(
    `select c.oid::regclass::text as name, (pg_relation_size(c.oid) / 8192)::int as pages from pg_class c
     join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'i' and n.nspname = 'public'`,
  );
  const texts: string[] = [];
  for (const { name, pages } of names?.rows ?? [])
    for (let page = 1; page < pages; page++) {
      const items = await pool?.query<{ data: string | null }>("select data from bt_page_items($1, $2)", [name, page]);
      for (const { data } of items?.rows ?? [])
        texts.push(Buffer.from((data ?? "").replaceAll(" ", ""), "hex").toString("latin1"));
    }
  return texts.join("\n");
}

it("SQLite: while it is open no file holds a byte of theirs, after pages were split, rows moved and items replaced", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tagpr-bytes-"));
  const store = await openStore("sqlite:s.db", { now: Date.now, cwd: dir });
  const random = stream(1, "erase");
  const users = Array.from({ length: 40 }, (_, i) => ({ id: `user-${i}-x`, canary: `canary-${i}-x` }));
  for (const { id, canary } of users) await fillUser(store, id, canary);
  for (let i = 0; i < 400; i++) {
    const { id, canary } = users[random.int(users.length)] ?? { id: "", canary: "" };
    const text = `${canary} ${"x".repeat(random.int(600))}`;
    await change(scopeOf(store, id), (c) => putItems(c, "t", [item(`${canary}-${random.int(30)}`, text)], 1));
  }
  const bytes = (): Buffer => Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));
  for (const { id, canary } of users.slice(0, 8)) {
    expect(bytes().includes(canary)).toBe(true);
    await eraseUser(scopeOf(store, id));
    expect([bytes().includes(canary), bytes().includes(id)]).toEqual([false, false]);
    // It goes on being written to.
    await change(scopeOf(store, "user-39-x"), (c) => putItems(c, "t", [item(`${id.length}`, "y")], 1));
  }
  await store.close();
  rmSync(dir, { recursive: true });
});
