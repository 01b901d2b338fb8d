import { describe, expect, it } from "vitest";
import { putItems } from "../store/items.ts";
import { addKey, type NewKey, revokeKey } from "../store/keys.ts";
import { describeStores } from "../store/testing/stores.ts";
import { change, scopeOf } from "../store/user.ts";
import { putUser } from "../store/users.ts";
import { makeApp } from "./app.ts";
import { fakeService, TOKEN } from "./testing/fake-service.ts";

const MESSAGES = [{ role: "user", content: "a film about love" }];

describeStores("keys of a server", ({ open }) => {
  async function serve() {
    const store = await open();
    const { service, logged } = await fakeService({ store });
    const app = makeApp(service);
    for (const id of ["ann", "bob"]) {
      const scope = scopeOf(store, id);
      await putUser(scope, {});
      const item = { id: "1", fields: { description: `a film that ${id} saw`, tag: "comedy" } };
      await change(scope, (c) => putItems(c, "synthetic_tag", [item], 1));
    }
    const ask = (key: string, path: string, init: RequestInit = {}) =>
      app.request(path, {
        ...init,
        headers: {
          ...{ host: "localhost", authorization: `Bearer ${key}`, "content-type": "application/json" },
          ...(init.headers as Record<string, string>),
        },
      });
    const post = (key: string, path: string, body: object, headers = {}) =>
      ask(key, path, { method: "POST", headers, body: JSON.stringify(body) });
    const chat = (key: string, body: object = {}, headers = {}) =>
      post(key, "/v1/chat/completions", { messages: MESSAGES, ...body }, headers);
    const add = (wanted: Partial<NewKey>) => addKey(store, { name: "k", scopes: ["ask"], users: null, ...wanted });
    return { store, app, logged, ask, post, chat, add };
  }

  it("a key of the store asks, the server's own token too, and a revoked or unknown one is told nothing", async () => {
    const { store, chat, add, logged } = await serve();
    const { key, secret } = await add({});
    expect((await chat(secret)).status).toBe(200);
    expect(logged.at(-1)).toMatchObject({ key: key.id, status: 200 });
    expect(JSON.stringify(logged)).not.toContain(secret.slice(6));
    expect((await chat(TOKEN)).status).toBe(200);
    await revokeKey(store, key.id);
    for (const none of [secret, key.id, "", "x"]) expect((await chat(none)).status).toBe(401);
  });

  it("a scope opens its own routes, and every other route is an admin's", async () => {
    const { app, ask, add } = await serve();
    const [asks, writes, admins] = [
      (await add({ scopes: ["ask"] })).secret,
      (await add({ scopes: ["write"] })).secret,
      (await add({ scopes: ["admin"] })).secret,
    ];
    const open = async (key: string, path: string) => (await ask(key, path)).status;
    expect(await Promise.all(["/v1/models", "/openapi.json", "/metrics"].map((path) => open(asks, path)))).toEqual([
      ...[200, 200, 403],
    ]);
    expect(await Promise.all(["/v1/models", "/metrics"].map((path) => open(writes, path)))).toEqual([403, 403]);
    expect(await Promise.all(["/v1/models", "/metrics"].map((path) => open(admins, path)))).toEqual([200, 200]);
    expect(await open(asks, "/nowhere")).toBe(404);
    const about = routesOf(app).filter(({ path }) => path.includes(":user"));
    for (const { method, path } of about) {
      const there = path.replace(":user", "ann").replace(":item", "1");
      expect([path, (await ask(asks, there, { method, ...bodyOf(method) })).status]).toEqual([path, 403]);
      if (method === "GET") expect([path, (await ask(writes, there)).status]).toEqual([path, 200]);
    }
  });

  it("of two bound keys neither reaches the other's user, whatever names them and on whatever route", async () => {
    const { app, ask, chat, add } = await serve();
    const both = { scopes: ["ask", "write"] } as const;
    const [ann, bob] = [
      (await add({ ...both, users: ["ann"] })).secret,
      (await add({ ...both, users: ["bob"] })).secret,
    ];
    const ways: readonly (readonly [body: object, headers: object])[] = [
      [{}, { "x-tagpr-user": "bob" }],
      [{ user: "ann" }, { "x-tagpr-user": "bob" }],
      ...[{ tagpr: { user: "bob" } }, { safety_identifier: "bob" }, { user: "bob" }].map((body) => [body, {}] as const),
      [{ metadata: { user_id: "bob" } }, {}],
      [{ user: "bob", tagpr: { items: [] } }, {}],
      [{ user: "no-such-user" }, {}],
    ];
    for (const [body, headers] of ways) {
      const refused = await chat(ann, body, headers);
      expect([body, refused.status]).toEqual([body, 403]);
      expect(await refused.json()).toMatchObject({ error: { code: "user", message: "this key is not for that user" } });
    }
    for (const [key, own] of [
      [ann, "ann"],
      [bob, "bob"],
    ] as const)
      for (const body of [{}, { user: own }]) {
        const said = JSON.stringify(await (await chat(key, body)).json());
        expect(said).toContain(`a film that ${own} saw`);
        expect(said).not.toContain(`a film that ${own === "ann" ? "bob" : "ann"} saw`);
      }
    for (const { method, path } of routesOf(app).filter((route) => route.path.includes(":user"))) {
      const there = (id: string) => path.replace(":user", id).replace(":item", "1");
      for (const id of ["bob", "nobody"]) {
        const refused = await ask(ann, there(id), { method, ...bodyOf(method) });
        expect([method, path, refused.status, (await refused.text()).includes("bob saw")]).toEqual([
          ...[method, path, 403, false],
        ]);
      }
    }
    for (const path of ["/v1/users", "/metrics"]) expect((await ask(ann, path)).status).not.toBe(200);
  });

  it("a key of several users, and one whose users are gone, ask for nobody when none is named", async () => {
    const { store, chat, add } = await serve();
    const gone = await add({ users: ["gone"] });
    await store.db.deleteFrom("key_users").execute();
    for (const { secret } of [await add({ users: ["ann", "bob"] }), gone]) {
      const body = (await (await chat(secret)).json()) as { tagpr: { shown: object } };
      expect(body.tagpr.shown).toMatchObject({ user: null, history: 0 });
      expect((await chat(secret, { user: "cat" })).status).toBe(403);
    }
  });
});

describe("without a store", () => {
  it("the token is the only key", async () => {
    const { service } = await fakeService();
    const app = makeApp(service);
    const ask = (key: string) =>
      app.request("/metrics", { headers: { host: "localhost", authorization: `Bearer ${key}` } });
    expect((await ask(TOKEN)).status).toBe(200);
    expect((await ask("tagpr_x")).status).toBe(401);
  });
});

const routesOf = (app: ReturnType<typeof makeApp>) => app.routes.filter(({ path }) => path !== "/*");
const bodyOf = (method: string): RequestInit => (method === "GET" || method === "DELETE" ? {} : { body: "{}" });
