import { expect, it } from "vitest";
import { eraseUser } from "../store/erase.ts";
import { putItems } from "../store/items.ts";
import type { Store } from "../store/open.ts";
import { describeStores } from "../store/testing/stores.ts";
import { change, findUser, scopeOf } from "../store/user.ts";
import { putUser } from "../store/users.ts";
import { makeApp } from "./app.ts";
import { startServer } from "./start.ts";
import { fakeService, TOKEN } from "./testing/fake-service.ts";
import { serve } from "./testing/serving.ts";

async function withItem(store: Store, user: string): Promise<void> {
  const scope = scopeOf(store, user);
  await putUser(scope, {});
  const item = { id: "1", fields: { description: `a film that ${user} saw`, tag: "comedy" } };
  await change(scope, (c) => putItems(c, "synthetic_tag", [item], 1));
}

describeStores("erasing a user", ({ open, url }, kind) => {
  it("says how much there was, and names all that still holds them", async () => {
    const store = await open();
    const { call } = await serve({ store });
    await withItem(store, "ann");
    const { status, body } = await call("DELETE", "/v1/users/ann");
    expect([status, body.found, body.removed.items]).toEqual([200, true, 1]);
    const remains = (body.remains as string[]).join("\n");
    for (const what of [
      /^Backups of the database/m,
      /^Weights that were trained/m,
      /^Exports of this user/m,
      /^An upstream/m,
    ])
      expect(remains).toMatch(what);
    for (const what of [/^PostgreSQL's write-ahead log/m, /^Free space in PostgreSQL's data files/m])
      expect(what.test(remains)).toBe(kind === "postgres");
    // SQLite has a file of tombstones beside it; with PostgreSQL one is given, or backups bring people back.
    expect(/brings them back, unless servers were given --tombstones/.test(remains)).toBe(kind === "postgres");
    expect(await call("DELETE", "/v1/users/ann")).toMatchObject({ status: 200, body: { found: false } });
  });

  it("drops the vectors of texts that are in memory", async () => {
    const store = await open();
    const { service } = await fakeService({ store });
    let forgotten = 0;
    const askers = [...service.askers].map(
      ([name, tools]) => [name, { ...tools, forget: () => void forgotten++ }] as const,
    );
    const app = makeApp({ ...service, askers: new Map(askers) });
    const headers = { host: "localhost", authorization: `Bearer ${TOKEN}` };
    expect((await app.request("/v1/users/ann", { method: "DELETE", headers })).status).toBe(200);
    expect(forgotten).toBe(askers.length);
  });

  it("by one server leaves the memory of another with its next look around; a backup restored under it brings nobody back", async () => {
    const at = await url();
    const [store, other] = [await open(at), await open(at)];
    const { service, logged } = await fakeService({ store });
    let look = (): void => {};
    const repeat = (tick: () => void): (() => void) => {
      look = tick;
      return () => {};
    };
    const server = await startServer({ ...service, repeat }, 0);
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const messages = [{ role: "user", content: "a film" }];
    const held = async () => {
      const metrics = await (await fetch(`${server.url}/metrics`, { headers })).text();
      return Number(/^tagpr_histories (\d+)$/m.exec(metrics)?.[1]);
    };
    await withItem(store, "ann");
    const before = await findUser(scopeOf(store, "ann"));
    const body = JSON.stringify({ messages, user: "ann" });
    expect((await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers, body })).status).toBe(200);
    expect(await held()).toBe(1);
    await eraseUser(scopeOf(other, "ann"));
    look();
    await expect.poll(held).toBe(0);
    if (before === null) throw new Error("nobody was there");
    await other.db.insertInto("users").values(before).execute();
    look();
    await expect.poll(() => findUser(scopeOf(other, "ann"))).toBeNull();
    await expect
      .poll(() => logged.filter(({ message }) => message === "erased again"))
      .toEqual([{ users: 1, message: "erased again" }]);
    expect(JSON.stringify(logged)).not.toContain("ann");
    await server.close();
  });
});
