import { expect, it } from "vitest";
import { describeStores } from "../store/testing/stores.ts";
import { scopeOf } from "../store/user.ts";
import { putUser } from "../store/users.ts";
import { OWNER } from "./caller.ts";
import { consenting, keep } from "./keep.ts";
import type { Prepared } from "./prepare.ts";

const PREPARED = { question: { task: { name: "t" }, input: "?" }, shown: { items: [] } } as unknown as Prepared;

describeStores("an answer on its way", ({ open }) => {
  it.each(["erased", "erased and put again", "without consent"])(
    "to a user who is %s meanwhile is not kept",
    async (what) => {
      const store = await open();
      const scope = scopeOf(store, "ann");
      await putUser(scope, { consent: true });
      const who = await consenting({ store }, OWNER, { user: "ann" });
      if (what === "without consent") await putUser(scope, { consent: false });
      else await store.db.deleteFrom("users").execute();
      if (what === "erased and put again") await putUser(scope, { consent: true });
      const log = { error: () => {} };
      expect(await keep({ log }, who, "id", PREPARED, [{ answer: "a" }])).toBe(false);
      expect(await store.db.selectFrom("answers").selectAll().execute()).toEqual([]);
    },
  );

  it("is answered all the same where the store is lost", async () => {
    const store = await open();
    await putUser(scopeOf(store, "ann"), { consent: true });
    const who = await consenting({ store }, OWNER, { user: "ann" });
    await store.db.schema.dropTable("answers").execute();
    const logged: unknown[] = [];
    const log = { error: (line: unknown) => void logged.push(line) };
    expect(await keep({ log }, who, "id", PREPARED, [{ answer: "a secret" }])).toBe(false);
    expect(logged.length).toBe(1);
    expect(JSON.stringify(logged)).not.toContain("secret");
  });
});
