import { expect, it } from "vitest";
import { putItems } from "../store/items.ts";
import { describeStores } from "../store/testing/stores.ts";
import { change, scopeOf } from "../store/user.ts";
import { putUser } from "../store/users.ts";
import { fakeCompute, fakeTools } from "./testing/fake-service.ts";
import { serve } from "./testing/serving.ts";

const USERS = 1000;
const canaryOf = (i: number): string => `canary${i}x`;

describeStores("isolation", ({ open }) => {
  it("of a thousand users who ask at once, while items change, each is shown and told their own canary alone", async () => {
    const store = await open();
    const { renderer } = await fakeTools();
    // Says back what it was asked: whatever stands in a prompt comes out.
    const compute = fakeCompute({
      say: ({ prompt }) => `${[...renderer.decode(prompt).matchAll(/canary\d+x/g)].join(" ")} `,
      piece: 50,
    });
    const limits = { waiting: 2 * USERS, histories: 1 << 20 };
    const { chat, call, logged } = await serve({ store, compute, limits });
    for (let i = 0; i < USERS; i++) {
      const scope = scopeOf(store, `user ${i}`);
      await putUser(scope, {});
      const fields = { description: `a film, ${canaryOf(i)}`, tag: "action" };
      await change(scope, (c) => putItems(c, "synthetic_tag", [{ id: "same", fields }], 1));
    }
    const asked = Array.from({ length: USERS }, async (_, i) => {
      const user = `user ${i}`;
      const more = { description: `more, ${canaryOf(i)}`, tag: "comedy" };
      if (i % 10 === 0) await call("PUT", `/v1/users/${encodeURIComponent(user)}/items/more`, more);
      return chat(i % 2 === 0 ? { user } : {}, i % 2 === 0 ? {} : { "x-tagpr-user": encodeURIComponent(user) });
    });
    for (const [i, { status, body }] of (await Promise.all(asked)).entries()) {
      expect([i, status]).toEqual([i, 200]);
      const seen = new Set(JSON.stringify(body).match(/canary\d+x/g));
      expect([i, [...seen]]).toEqual([i, [canaryOf(i)]]);
      expect(body.choices[0].message.content).toContain(canaryOf(i));
    }
    expect(JSON.stringify(logged)).not.toMatch(/canary|user \d/);
    // What is computed for one is computed for no other: a salt each, in which no name is.
    const salts = new Set(compute.requests.map(({ cacheSalt }) => cacheSalt));
    expect([salts.size, salts.has(undefined)]).toEqual([USERS, false]);
    expect([...salts].join()).not.toContain("user");
    for (let i = 0; i < 2; i++) await chat();
    expect(new Set(compute.requests.map(({ cacheSalt }) => cacheSalt)).size).toBe(USERS + 2);
    expect(await (await call("GET", "/v1/users?limit=1000")).body.data).toHaveLength(USERS);
  });
});
