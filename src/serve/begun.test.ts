import { expect, it } from "vitest";
import { addKey } from "../store/keys.ts";
import { describeStores } from "../store/testing/stores.ts";
import { HEADERS, serve } from "./testing/serving.ts";

const ITEM = { id: "1", description: "a film about robots", tag: "action" };
const LINE = `${JSON.stringify({ task: "synthetic_tag", id: "1", fields: { description: "a film", tag: "action" } })}\n`;
const JSONL = { "content-type": "application/jsonl" };

describeStores("one user and no other", ({ open }) => {
  it("what had begun before an erasure and whose body came after it writes nothing, whoever is there then", async () => {
    const { app, call } = await serve({ store: await open() });
    /** Sends a request whose body ends when `meanwhile` is done. */
    const slowly = async (
      method: string,
      path: string,
      text: string,
      headers: object,
      meanwhile: () => Promise<void>,
    ) => {
      const body = new ReadableStream(
        {
          pull: async (body) => {
            await meanwhile();
            body.enqueue(Buffer.from(text));
            body.close();
          },
        },
        { highWaterMark: 0 },
      );
      const init = { method, body, duplex: "half", headers: { ...HEADERS, ...headers } };
      return (await app.request(path, init as RequestInit)).status;
    };
    for (const [method, more, body, headers] of [
      ["POST", "/import", LINE, JSONL],
      ["POST", "/items", JSON.stringify({ items: [ITEM] }), {}],
      ["PUT", "/items/1", JSON.stringify(ITEM), {}],
      ["PUT", "", JSON.stringify({ consent: true }), {}],
    ] as const)
      for (const before of [true, false]) {
        const path = `/v1/users/${encodeURIComponent(`ann ${method} ${more} ${before}`)}`;
        if (before) await call("PUT", path, {});
        const status = await slowly(method, `${path}${more}`, body, headers, async () => {
          expect((await call("DELETE", path)).body.found).toBe(before);
          if (before) await call("PUT", path, {});
        });
        expect([method, more, before, status]).toEqual([method, more, before, 404]);
        const left = await call("GET", path);
        expect(left).toMatchObject(before ? { status: 200, body: { consent: false, items: {} } } : { status: 404 });
      }
  });

  it("a request for which a proxy said who asks reaches nobody else, by no path, and names nobody", async () => {
    const { ask, call, chat } = await serve({ store: await open() });
    for (const user of ["ann", "bob"]) await call("PUT", `/v1/users/${user}`, {});
    const ann = { "x-tagpr-user": "ann" };
    expect((await ask("GET", "/v1/users/ann", undefined, ann)).status).toBe(200);
    for (const [method, path, body] of [
      ["GET", "/v1/users/bob"],
      ["GET", "/v1/users/nobody"],
      ["GET", "/v1/users/bob/export"],
      ["PUT", "/v1/users/bob", {}],
      ["DELETE", "/v1/users/bob"],
      ["POST", "/v1/users/bob/items", { items: [ITEM] }],
      ["GET", "/v1/users/bob/items"],
      ["GET", "/v1/users"],
      ["GET", "/metrics"],
    ] as const)
      expect([path, (await ask(method, path, body, ann)).status]).toEqual([path, 403]);
    expect((await chat({ user: "bob" }, ann)).body.tagpr.shown.user).toBe("ann");
  });

  it("a bound key is refused whichever field names another, also beside one that names its own user", async () => {
    const store = await open();
    const { chat } = await serve({ store });
    const { secret } = await addKey(store, { name: "k", scopes: ["ask"], users: ["ann"] });
    const key = { authorization: `Bearer ${secret}` };
    const other = [
      { tagpr: { user: "bob" } },
      { safety_identifier: "bob" },
      { user: "bob" },
      { metadata: { user_id: "bob" } },
    ];
    for (const named of other) expect((await chat(named, { ...key, "x-tagpr-user": "ann" })).status).toBe(403);
    expect((await chat({ tagpr: { user: "ann" }, metadata: { user_id: "bob" } }, key)).status).toBe(403);
    expect((await chat({ user: "ann" }, { ...key, "x-tagpr-user": "ann" })).status).toBe(200);
  });
});
