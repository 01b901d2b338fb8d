import { expect, it } from "vitest";
import { putItems } from "./items.ts";
import { describeStores } from "./testing/stores.ts";
import { change, scopeOf } from "./user.ts";
import { putUser } from "./users.ts";
import { findVectors, keepVectors } from "./vectors.ts";

describeStores("vectors of items", ({ open }) => {
  it("come back as they were kept, wherever in memory they lay; of items that were changed meanwhile none is kept", async () => {
    const store = await open();
    const scope = scopeOf(store, "ann");
    const { user } = await putUser(scope, {});
    const item = (id: string, text: string) => ({ id, fields: { text } });
    await change(scope, (c) => putItems(c, "t", [item("a", "one"), item("b", "two")], 1));
    const asked = { born: user.born, revision: user.revision + 1 };
    await change(scope, (c) => putItems(c, "t", [item("b", "three")], 2));
    const all = Float32Array.from([9, 9, 0.5, -1.25, 3e-5, 9]);
    const made = new Map(["a", "b"].map((id) => [id, all.subarray(2, 5)]));
    await keepVectors(scope, asked, "t", "mini", made);
    expect(await findVectors(scope, "t", "mini")).toEqual(new Map([["a", all.slice(2, 5)]]));
    expect((await findVectors(scope, "t", "other")).size).toBe(0);
  });
});
