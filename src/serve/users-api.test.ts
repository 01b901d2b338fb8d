import { expect, it } from "vitest";
import { describeStores } from "../store/testing/stores.ts";
import { HEADERS, serve } from "./testing/serving.ts";
import * as schema from "./users-schema.ts";

const ITEM = { description: "a film about robots", tag: "action", date: "2023-01-01" };
const path = (user: string, more = ""): string => `/v1/users/${encodeURIComponent(user)}${more}`;

describeStores("the API of users", ({ open }) => {
  const withStore = async () => serve({ store: await open() });

  it("a user is put, changed and got; one that is not there is a 404", async () => {
    const { call } = await withStore();
    const made = await call("PUT", path("ann"), { consent: true });
    expect([made.status, schema.user.parse(made.body)]).toMatchObject([201, { id: "ann", consent: true, items: {} }]);
    expect(await call("PUT", path("ann"), {})).toMatchObject({ status: 200, body: { consent: true } });
    expect(await call("PUT", path("bob"))).toMatchObject({ status: 201, body: { consent: false } });
    expect(await call("GET", path("ann"))).toMatchObject({ status: 200, body: { id: "ann" } });
    for (const [method, more, body] of [
      ["GET", ""],
      ["GET", "/items"],
      ["GET", "/export"],
      ["POST", "/items", { items: [ITEM] }],
      ["PUT", "/items/1", ITEM],
      ["DELETE", "/items"],
    ] as const)
      expect(await call(method, path("eve", more), body)).toMatchObject({
        ...{ status: 404, body: { error: { code: "user_not_found" } } },
      });
  });

  it("a new user is served at once, by their items, under whatever field names them", async () => {
    const { call, chat } = await withStore();
    await call("PUT", path("ann/é"), {});
    await call("POST", path("ann/é", "/items"), { items: [{ ...ITEM, id: "r" }] });
    for (const asked of [
      await chat({ user: "ann/é" }),
      await chat({ safety_identifier: "ann/é", user: "bob" }),
      await chat({ metadata: { user_id: "ann/é", other: "x" } }),
      await chat({ user: "ann/é", metadata: { user_id: "bob" } }),
      await chat({ tagpr: { user: "ann/é" }, safety_identifier: "bob" }),
      await chat({ tagpr: { user: "bob" }, user: "bob" }, { "x-tagpr-user": "ann%2F%C3%A9" }),
    ])
      expect(asked).toMatchObject({ status: 200, body: { tagpr: { shown: { user: "ann/é", items: [{ id: "r" }] } } } });
    expect(await chat({ user: "bob" })).toMatchObject({ body: { tagpr: { shown: { user: "bob", history: 0 } } } });
    expect(await chat()).toMatchObject({ body: { tagpr: { shown: { user: null, history: 0, items: [] } } } });
    expect(await chat({ user: "ann/é", tagpr: { items: [] } })).toMatchObject({
      body: { tagpr: { shown: { user: "ann/é", history: 0 } } },
    });
  });

  it("items are put, paged, got, replaced and deleted", async () => {
    const { call } = await withStore();
    await call("PUT", path("ann"), {});
    const items = Array.from({ length: 5 }, (_, i) => ({ ...ITEM, id: `i/${i}` }));
    const put = await call("POST", path("ann", "/items"), { items });
    expect(schema.itemsPut.parse(put.body)).toMatchObject({
      added: 5,
      ids: items.map(({ id }) => id),
      task: "synthetic_tag",
    });
    const first = schema.itemList.parse((await call("GET", path("ann", "/items?limit=3"))).body);
    expect([first.data.map(({ id }) => id), first.has_more]).toEqual([["i/0", "i/1", "i/2"], true]);
    const next = await call("GET", path("ann", `/items?limit=3&after=${encodeURIComponent(first.last_id ?? "")}`));
    expect(next.body).toMatchObject({ data: [{ id: "i/3" }, { id: "i/4" }], has_more: false });
    const one = path("ann", `/items/${encodeURIComponent("i/1")}`);
    expect(schema.item.parse((await call("GET", one)).body)).toMatchObject({
      date: "2023-01-01",
      fields: { tag: "action" },
    });
    expect(await call("PUT", one, { ...ITEM, tag: "comedy" })).toMatchObject({
      status: 200,
      body: { fields: { tag: "comedy" } },
    });
    expect(await call("PUT", path("ann", "/items/new"), ITEM)).toMatchObject({ status: 201 });
    expect(await call("DELETE", one)).toMatchObject({ status: 200, body: { deleted: 1 } });
    expect(await call("GET", one)).toMatchObject({ status: 404, body: { error: { code: "item_not_found" } } });
    expect(await call("GET", path("ann"))).toMatchObject({ body: { items: { synthetic_tag: 5 } } });
    expect(await call("DELETE", path("ann", "/items"))).toMatchObject({ body: { deleted: 5 } });
  });

  it("an item that is none of the task is refused by its place, and nothing of the request is written", async () => {
    const { call } = await withStore();
    await call("PUT", path("ann"), {});
    for (const [bad, said] of [
      [{ description: "x" }, /item 2.* tag/],
      [{ ...ITEM, date: "soon" }, /date can't be read/],
      [{ ...ITEM, id: ".." }, /no URL can name/],
    ] as const)
      expect(await call("POST", path("ann", "/items"), { items: [ITEM, bad] })).toMatchObject({
        ...{ status: 400, body: { error: { message: expect.stringMatching(said) } } },
      });
    expect(await call("POST", path("ann", "/items"), { items: [ITEM], task: "LaMP_2" })).toMatchObject({ status: 400 });
    expect(await call("POST", path("ann", "/items"), { items: [ITEM], itmes: [] })).toMatchObject({
      body: { error: { param: "itmes" } },
    });
    expect(await call("GET", path("ann", "/items?limit=0"))).toMatchObject({ body: { error: { param: "limit" } } });
    expect(await call("GET", path("ann"))).toMatchObject({ body: { items: {} } });
  });

  it("a post with an idempotency key is done once", async () => {
    const { call } = await withStore();
    await call("PUT", path("ann"), {});
    const post = (items: object[]) => call("POST", path("ann", "/items"), { items }, { "idempotency-key": "k1" });
    const [one, two] = [await post([ITEM]), await post([ITEM])];
    expect(two).toEqual(one);
    expect(await post([{ ...ITEM, tag: "comedy" }])).toMatchObject({
      ...{ status: 422, body: { error: { code: "idempotency_key_reused" } } },
    });
    expect(await call("GET", path("ann"))).toMatchObject({ body: { items: { synthetic_tag: 1 } } });
  });

  it("an export is imported as it is, twice with no other end than once; a bad line is named and nothing written", async () => {
    const { call, ask } = await withStore();
    await call("PUT", path("ann"), { consent: true });
    await call("POST", path("ann", "/items"), {
      items: Array.from({ length: 1200 }, (_, i) => ({ ...ITEM, id: `${i}` })),
    });
    const text = await (await ask("GET", path("ann", "/export"))).text();
    expect(text.trim().split("\n")).toHaveLength(1201);
    const type = { "content-type": "application/jsonl" };
    const read = (user: string, lines: string) => call("POST", path(user, "/import"), lines, type);
    expect(await read("bob", text)).toMatchObject({ status: 200, body: { added: 1200, changed: 0, same: 0 } });
    expect(await read("bob", text)).toMatchObject({ body: { added: 0, changed: 0, same: 1200 } });
    expect(await call("GET", path("bob"))).toMatchObject({ body: { consent: true, items: { synthetic_tag: 1200 } } });
    const whole = async (user: string) =>
      (await (await ask("GET", path(user, "/export"))).text()).replaceAll(/"created":\d+|"(?:bob|ann)"/g, "");
    expect(await whole("bob")).toBe(await whole("ann"));
    expect(await read("eve", `${text}{"fields": {"tag": "x"}}\n`)).toMatchObject({
      ...{ status: 400, body: { error: { message: expect.stringMatching(/line 1202/) } } },
    });
    expect((await call("GET", path("eve"))).status).toBe(404);
  });

  it("no more is taken than a user may have, or than an import may hold, and nothing of it is written", async () => {
    const { call } = await serve({ store: await open(), limits: { userItems: 3, import: 500 } });
    await call("PUT", path("ann"), {});
    const post = (...ids: string[]) =>
      call("POST", path("ann", "/items"), { items: ids.map((id) => ({ ...ITEM, id })) });
    expect((await post("1", "2", "3")).status).toBe(200);
    expect(await post("3", "4")).toMatchObject({ status: 400, body: { error: { code: "too_many_items" } } });
    expect((await post("1", "2")).status).toBe(200);
    const lines = (of: string) => call("POST", path("ann", "/import"), of, { "content-type": "application/jsonl" });
    expect(await lines("\n".repeat(501))).toMatchObject({ status: 413, body: { error: { code: "too_large" } } });
    expect(await call("GET", path("ann"))).toMatchObject({ body: { items: { synthetic_tag: 3 } } });
  });

  it("an id is data: whatever stands in it, it is one user of that very name", async () => {
    const { call } = await withStore();
    const ids = [
      "a/b",
      "a%2Fb",
      "a%b",
      "../../etc/passwd",
      "a b",
      "é",
      "' or 1=1 --",
      "漢字",
      "😀",
      "?x=1#y",
      "export",
    ];
    for (const id of ids) expect(await call("PUT", path(id), {})).toMatchObject({ status: 201, body: { id } });
    for (const id of ids) expect(await call("GET", path(id))).toMatchObject({ status: 200, body: { id } });
    const { body } = await call("GET", "/v1/users?limit=50");
    expect(
      schema.userList
        .parse(body)
        .data.map(({ id }) => id)
        .sort(),
    ).toEqual(ids.toSorted());
    const { body: page } = await call("GET", `/v1/users?limit=2&after=${encodeURIComponent(body.data[3].id)}`);
    expect([page.data, page.has_more]).toEqual([body.data.slice(4, 6), true]);
    expect(await call("PUT", path("a\u0000"), {})).toMatchObject({ status: 400 });
    expect(await call("PUT", path("x".repeat(257)), {})).toMatchObject({ status: 400 });
  });

  it("needs the token like all else, and writes no user's name into log or metrics", async () => {
    const { call, ask, logged } = await withStore();
    expect((await ask("GET", path("ann"), undefined, { authorization: "Bearer x" })).status).toBe(401);
    await call("PUT", path("secret-ann"), {});
    await call("POST", path("secret-ann", "/items"), {
      items: [{ ...ITEM, description: "secret text", id: "secret-id" }],
    });
    await call("GET", path("secret-ann", "/items/secret-id"));
    await call("GET", path("secret-bob"));
    expect(JSON.stringify(logged)).not.toMatch(/secret/);
    expect(await (await ask("GET", "/metrics")).text()).not.toMatch(/secret/);
  });
});

it("without a store there are no users, and a request says why", async () => {
  const { call, chat, app } = await serve();
  for (const [method, at, body] of [
    ["GET", "/v1/users"],
    ["PUT", path("ann"), {}],
  ] as const)
    expect(await call(method, at, body)).toMatchObject({ status: 404, body: { error: { code: "no_store" } } });
  for (const body of [{ user: "ann" }, { safety_identifier: "ann" }, { metadata: { user_id: "ann" } }])
    expect(await chat(body)).toMatchObject({ status: 400, body: { error: { code: "invalid_value" } } });
  const document = await (await app.request("/openapi.json", { headers: HEADERS })).json();
  expect(Object.keys(document.paths)).toContain("/v1/users/{user}/items/{item}");
});
