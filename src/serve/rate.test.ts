import { expect, it } from "vitest";
import { addKey } from "../store/keys.ts";
import { openRates } from "../store/rates.ts";
import { describeStores } from "../store/testing/stores.ts";
import { makeApp } from "./app.ts";
import { fakeService, TOKEN } from "./testing/fake-service.ts";

describeStores("limits", ({ open, url }, kind) => {
  async function instance(at: string, limits: { key: number; user: number }) {
    const store = await open(at);
    const { service, logged } = await fakeService({ store, rates: openRates(store, limits) });
    const app = makeApp(service);
    const ask = (key: string, user?: string) =>
      app.request("/v1/chat/completions", {
        method: "POST",
        headers: { host: "localhost", authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ messages: [{ role: "user", content: "a film" }], user }),
      });
    const get = (key: string, path: string) =>
      app.request(path, { headers: { host: "localhost", authorization: `Bearer ${key}` } });
    return { store, logged, ask, get };
  }
  const statuses = async (asked: Promise<Response>[] | Response[]) =>
    (await Promise.all(asked)).map(({ status }) => status).sort();

  it("of a user: one more question is refused with 429 and Retry-After, and others are not", async () => {
    const { ask, logged } = await instance(await url(), { key: 0, user: 3 });
    const asked = [1, 2, 3, 4, 5].map(async () => ask(TOKEN, "ann"));
    expect(await statuses(asked)).toEqual([200, 200, 200, 429, 429]);
    const refused = await ask(TOKEN, "ann");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(await refused.json()).toMatchObject({ error: { code: "rate_limit_exceeded", type: "rate_limit_error" } });
    expect(await statuses([await ask(TOKEN, "bob"), await ask(TOKEN)])).toEqual([200, 200]);
    expect(JSON.stringify(logged)).not.toMatch(/ann|bob/);
  });

  it("of a key: whatever it calls, whomever it asks for; health and metrics are not counted", async () => {
    const { store, ask, get } = await instance(await url(), { key: 2, user: 0 });
    const [one, two] = [
      await addKey(store, { name: "one", scopes: ["admin"], users: null }),
      await addKey(store, { name: "two", scopes: ["ask"], users: null }),
    ];
    expect(await statuses([await ask(one.secret, "ann"), await get(one.secret, "/v1/models")])).toEqual([200, 200]);
    expect(await statuses([await ask(one.secret, "bob"), await get(one.secret, "/v1/models")])).toEqual([429, 429]);
    expect(await statuses([await get(one.secret, "/metrics"), await ask(two.secret, "bob")])).toEqual([200, 200]);
  });

  const over = kind === "postgres" ? "two instances count together" : "each instance counts for itself";
  it(over, async () => {
    const at = await url();
    const limits = { key: 0, user: 4 };
    const [one, two] = [await instance(at, limits), await instance(at, limits)];
    const asked = Array.from({ length: 12 }, async (_, i) => (i % 2 === 0 ? one : two).ask(TOKEN, "ann"));
    const served = (await statuses(asked)).filter((status) => status === 200).length;
    expect(served).toBe(kind === "postgres" ? 4 : 8);
    if (kind !== "postgres") return;
    const { rows } = (await one.store.pool?.query("select * from rates")) ?? { rows: [] };
    expect(rows).toMatchObject([{ key: expect.stringMatching(/^user:[\w-]{43}$/), points: 12 }]);
  });
});
