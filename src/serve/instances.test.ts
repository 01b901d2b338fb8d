import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadRenderer } from "../prompts/renderer.ts";
import { type Cluster, POSTGRES_BIN, startPostgres } from "../store/testing/postgres.ts";
import { NANO } from "./testing/fake-service.ts";
import { type Instance, startInstance } from "./testing/instance.ts";
import { startUpstream, type UpstreamServer } from "./testing/upstream-server.ts";

const item = (id: string, description: string) => ({ id, description, tag: "action", date: "2023-01-01" });

/** Puts items one after the other until the instance is gone; answers the ids that it acknowledged. */
async function putUntilGone({ call }: Instance, user: string): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; ; i++) {
    const id = `${user}-${i}`;
    const put = await call("PUT", `/v1/users/${user}/items/${id}`, item(id, "a film")).catch(() => null);
    if (put === null) return acknowledged;
    expect(put.status).toBe(201);
    acknowledged.push(id);
  }
}

async function idsOf({ call }: Instance, user: string): Promise<string[]> {
  const { body } = await call("GET", `/v1/users/${user}/items?limit=1000`);
  return body.data.map(({ id }: { id: string }) => id);
}

/** Resolves when so many requests were logged. */
async function logged({ process, said }: Instance, lines: number): Promise<void> {
  while (said().split('"msg":"request"').length <= lines)
    await new Promise((resolve) => process.stderr?.once("data", resolve));
}

let upstream: UpstreamServer;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());

describe("one server with SQLite", () => {
  const dir = mkdtempSync(join(tmpdir(), "tagpr-served-"));
  const store = `sqlite:${join(dir, "s.db")}`;
  const bytes = (): Buffer => Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("killed under load it has lost nothing that it acknowledged", async () => {
    const first = await startInstance(store, upstream.url);
    for (const user of ["ann", "bob"]) await first.call("PUT", `/v1/users/${user}`, {});
    const puts = ["ann", "bob"].map((user) => putUntilGone(first, user));
    await logged(first, 30);
    await first.kill();
    const [ann = [], bob = []] = await Promise.all(puts);
    expect(ann.length + bob.length).toBeGreaterThan(10);
    const second = await startInstance(store, upstream.url);
    expect(await idsOf(second, "ann")).toEqual(expect.arrayContaining(ann));
    expect(await idsOf(second, "bob")).toEqual(expect.arrayContaining(bob));
    expect((await second.chat("ann")).body.tagpr.shown.history).toBeGreaterThanOrEqual(ann.length);
    await second.stop();
  });

  it("who is erased is in no byte of its files and its log, while it runs", async () => {
    const server = await startInstance(store, upstream.url);
    const users = ["canary-eve", "canary-dan"];
    for (const user of users) {
      await server.call("PUT", `/v1/users/${user}`, { consent: true });
      const items = Array.from({ length: 200 }, (_, i) => item(`${user}-item-${i}`, `${user} saw a film, ${i}`));
      await server.call("POST", `/v1/users/${user}/items`, { items });
      expect((await server.chat(user)).body.tagpr.shown.history).toBe(200);
    }
    expect(bytes().includes("canary-eve")).toBe(true);
    const [erased, during] = await Promise.all([
      server.call("DELETE", "/v1/users/canary-eve"),
      server.call("PUT", "/v1/users/canary-eve/items/late", item("late", "canary-eve again")),
    ]);
    expect(erased).toMatchObject({ status: 200, body: { found: true, remains: expect.any(Array) } });
    expect([201, 404]).toContain(during.status);
    expect(bytes().includes("canary-eve")).toBe(false);
    expect(server.said()).not.toContain("canary");
    expect((await server.chat("canary-eve")).body.tagpr.shown.history).toBe(0);
    expect((await server.chat("canary-dan")).body.tagpr.shown.history).toBe(200);
    await server.stop();
  });
});

describe.skipIf(POSTGRES_BIN === null)("several servers with one PostgreSQL and one upstream", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startPostgres();
  });
  afterAll(() => cluster.stop());

  it("a user put by one is answered by the other; one that is killed takes nothing along", async () => {
    const store = await cluster.database();
    const [one, two] = await Promise.all([startInstance(store, upstream.url), startInstance(store, upstream.url)]);
    const prompts = loadRenderer(NANO);
    await one.call("PUT", "/v1/users/ann", {});
    await one.call("POST", "/v1/users/ann/items", { items: [item("r", "a film about pelicans")] });
    const answered = await two.chat("ann");
    expect(answered).toMatchObject({ status: 200, body: { tagpr: { shown: { items: [{ id: "r" }] } } } });
    const first = upstream.asked.at(-1);
    expect(prompts.decode(first?.prompt ?? [])).toContain("pelicans");
    // What the second one has in memory is of now, whoever changed it.
    await one.call("PUT", "/v1/users/ann/items/r", item("r", "a film about otters"));
    await two.chat("ann");
    expect(prompts.decode(upstream.asked.at(-1)?.prompt ?? [])).toContain("otters");
    // All instances salt a user alike, nobody else alike, and with no name.
    await one.chat("ann");
    await one.chat("bob");
    const [, again, bob] = upstream.asked.slice(-3);
    expect(again?.cache_salt).toBe(first?.cache_salt);
    expect(bob?.cache_salt).not.toBe(first?.cache_salt);
    expect(first?.cache_salt).toMatch(/^[\w-]{43}$/);
    const puts = putUntilGone(one, "ann");
    await logged(one, 30);
    await one.kill();
    expect(await idsOf(two, "ann")).toEqual(expect.arrayContaining(await puts));
    expect((await two.chat("ann")).status).toBe(200);
    await two.call("DELETE", "/v1/users/ann");
    const three = await startInstance(store, upstream.url);
    expect((await three.chat("ann")).body.tagpr.shown.history).toBe(0);
    await Promise.all([two.stop(), three.stop()]);
  });
});
