import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { addKey, findKey, listKeys, revokeKey } from "./keys.ts";
import { describeStores } from "./testing/stores.ts";

describeStores("keys", ({ open, url }) => {
  it("a key is found by what was shown once, and by nothing that the store holds", async () => {
    const store = await open(undefined, () => 5);
    const { key, secret } = await addKey(store, { name: "shop", scopes: ["write", "ask"], users: null });
    expect(secret).toMatch(/^tagpr_[\w-]{43}$/);
    expect(key).toMatchObject({ name: "shop", scopes: ["ask", "write"], users: null, created: 5, revoked: null });
    expect(await findKey(store, secret)).toEqual(key);
    const rows = await store.db.selectFrom("keys").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
    for (const wrong of [rows[0]?.hash ?? "", key.id, secret.slice(0, -1), `${secret}x`, "", secret.toUpperCase()])
      expect(await findKey(store, wrong)).toBeNull();
    if (store.path === null) return;
    for (const file of readdirSync(dirname(store.path)))
      expect(readFileSync(join(dirname(store.path), file), "latin1")).not.toContain(secret.slice(6));
  });

  it("another instance knows a key at once, and refuses it at once when it is revoked", async () => {
    const at = await url();
    const [one, two] = [await open(at), await open(at)];
    const { key, secret } = await addKey(one, { name: "a", scopes: ["ask"], users: ["é", "b", "b"] });
    expect(await findKey(two, secret)).toMatchObject({ id: key.id, users: ["b", "é"] });
    expect(await revokeKey(one, key.id)).toEqual({ revoked: expect.any(Number) });
    expect(await findKey(two, secret)).toBeNull();
    expect(await revokeKey(two, key.id)).toEqual({ revoked: (await listKeys(two))[0]?.revoked });
    expect(await revokeKey(two, "none")).toBeNull();
  });

  it("a key that was bound stays bound when its users are gone", async () => {
    const store = await open();
    const { secret } = await addKey(store, { name: "a", scopes: ["ask"], users: ["ann"] });
    await store.db.deleteFrom("key_users").execute();
    expect(await findKey(store, secret)).toMatchObject({ users: [] });
    expect(await listKeys(store)).toMatchObject([{ users: [] }]);
  });

  it.each([
    [{ name: "", scopes: ["ask"], users: null }, /name is empty/],
    [{ name: "a", scopes: [], users: null }, /for nothing/],
    [{ name: "a", scopes: ["ask"], users: [] }, /bound to nobody/],
    [{ name: "a", scopes: ["admin"], users: ["ann"] }, /can't be bound/],
    [{ name: "a", scopes: ["ask"], users: ["an\0n"] }, /control character/],
  ] as const)("%j is no key", async (wanted, why) => {
    await expect(addKey(await open(), wanted)).rejects.toThrow(why);
  });
});
