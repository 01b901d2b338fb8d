import { expect, it } from "vitest";
import { countItems, deleteItems, findItem, itemsSince, pageItems, putItems } from "./items.ts";
import type { Store } from "./open.ts";
import { KeyReused, once, REMEMBERED_MS } from "./requests.ts";
import { describeStores } from "./testing/stores.ts";
import { change, findUser, idFault, scopeOf, UserGone } from "./user.ts";
import { pageUsers, putUser } from "./users.ts";

const item = (id: string, text: string, date?: string) => ({
  ...{ id, fields: { text } },
  ...(date === undefined ? {} : { date }),
});

async function withUser(store: Store, id = "ann") {
  const scope = scopeOf(store, id);
  const { user } = await putUser(scope, {});
  return { scope, user };
}

describeStores("users and items", ({ open }) => {
  it("a user is put once, and consent is no until it is given", async () => {
    const scope = scopeOf(await open(), "ann");
    expect(await findUser(scope)).toBeNull();
    expect(await putUser(scope, {})).toMatchObject({ made: true, user: { id: "ann", consent: 0 } });
    expect(await putUser(scope, { consent: true })).toMatchObject({ made: false, user: { consent: 1 } });
    expect(await putUser(scope, {})).toMatchObject({ made: false, user: { consent: 1 } });
  });

  it("items come back in their order, a replaced one in its place, and what is the same is not written again", async () => {
    const { scope } = await withUser(await open());
    const put = (...items: ReturnType<typeof item>[]) => change(scope, (c) => putItems(c, "t", items, 5));
    expect(await put(item("1", "a", "2020"), item("2", "b"))).toEqual({ added: 2, changed: 0, same: 0 });
    expect(await put(item("1", "A"), item("2", "b"), item("3", "c"))).toEqual({ added: 1, changed: 1, same: 1 });
    const all = await pageItems(scope, { from: 0, limit: 9 });
    expect(all.map(({ id, fields, date }) => [id, fields.text, date])).toEqual([
      ["1", "A", undefined],
      ["2", "b", undefined],
      ["3", "c", undefined],
    ]);
    expect((await pageItems(scope, { from: (all[1]?.place ?? 0) + 1, limit: 1 })).map(({ id }) => id)).toEqual(["3"]);
    expect((await itemsSince(scope, "t", 1)).map(({ id }) => id)).toEqual(["1", "3"]);
    expect(await findItem(scope, "t", "2")).toMatchObject({ fields: { text: "b" }, time: 5, task: "t" });
    expect(await change(scope, (c) => deleteItems(c, "t", "2"))).toBe(1);
    expect(await findItem(scope, "t", "2")).toBeNull();
    await change(scope, (c) => putItems(c, "other", [item("1", "x")], 5));
    expect(await countItems(scope)).toEqual({ other: 1, t: 2 });
  });

  it("thousands of items are one change", async () => {
    const { scope } = await withUser(await open());
    const items = Array.from({ length: 2500 }, (_, i) => item(`${i}`, `text ${i}`));
    expect(await change(scope, (c) => putItems(c, "t", items, 5))).toMatchObject({ added: 2500 });
    expect((await pageItems(scope, { from: 0, limit: 5000 })).map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  });

  it("a change that fails leaves nothing, and one begun for a user who is gone writes nothing", async () => {
    const store = await open();
    const { scope, user } = await withUser(store);
    const failing = change(scope, async (c) => {
      await putItems(c, "t", [item("1", "a")], 5);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await countItems(scope)).toEqual({});
    await store.db.deleteFrom("users").execute();
    const late = () => change(scope, (c) => putItems(c, "t", [item("1", "a")], 5), { born: user.born });
    await expect(late()).rejects.toThrow(UserGone);
    await putUser(scope, {});
    await expect(late()).rejects.toThrow(UserGone);
    expect(await countItems(scope)).toEqual({});
  });

  it("a request with a key is done once, also when both come at once; with another body it is refused; after a day it is new", async () => {
    const { scope } = await withUser(await open());
    let done = 0;
    const ask = (request: unknown, time = 0) =>
      change(scope, (c) =>
        once(c, { key: "k", request }, time, async () => {
          await putItems(c, "t", [item(`${done++}`, "a")], time);
          return { status: 201, body: { done } };
        }),
      );
    const both = await Promise.all([ask({ a: 1 }), ask({ a: 1 })]);
    expect(both).toEqual([
      { status: 201, body: { done: 1 } },
      { status: 201, body: { done: 1 } },
    ]);
    await expect(ask({ a: 2 })).rejects.toThrow(KeyReused);
    expect(await ask({ a: 2 }, REMEMBERED_MS + 1)).toMatchObject({ body: { done: 2 } });
    expect(await countItems(scope)).toEqual({ t: 2 });
  });

  it("an id is data: whatever stands in it, each is its own user, in one order", async () => {
    const store = await open();
    const ids = ["a/b", "a%2Fb", "../x", "a b", "é", "e\u0301", "Ann", "ann", "' or 1=1 --", "漢字", "😀", "%"];
    for (const id of ids) {
      const { scope } = await withUser(store, id);
      await change(scope, (c) => putItems(c, id, [item(id, id)], 5));
    }
    for (const id of ids) expect(await pageItems(scopeOf(store, id), { from: 0, limit: 9 })).toMatchObject([{ id }]);
    const bytes = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect((await pageUsers(store, 50)).map(({ id }) => id)).toEqual(bytes);
    expect((await pageUsers(store, 2, bytes[3])).map(({ id }) => id)).toEqual(bytes.slice(4, 7));
  });
});

it.each(["", ".", "..", "a\0", "\n", "\ud800", "x".repeat(257)])("%j is no id", (id) => {
  expect(idFault(id)).not.toBeNull();
});
