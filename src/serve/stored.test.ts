import { expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { oldestFirst } from "../data/dates.ts";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem, QueryId } from "../data/types.ts";
import { type Embed, retrieveScored } from "../retrieval/retrieve.ts";
import { eraseUser } from "../store/erase.ts";
import { deleteItems, itemsSince, putItems } from "../store/items.ts";
import { doing } from "../store/testing/doing.ts";
import { describeStores } from "../store/testing/stores.ts";
import { change, scopeOf, UserGone, type UserScope } from "../store/user.ts";
import { putUser } from "../store/users.ts";
import { storedHistories } from "./stored.ts";

const task = loadTask("LaMP_2");
const WORDS = ["love", "war", "the", "The", "film", "of", "spies", "robots"];
const random = stream(1, "stored");
const text = () => Array.from({ length: 1 + random.int(6) }, () => random.pick(WORDS)).join(" ");
const item = (id: string): ProfileItem => ({
  ...{ id, fields: { description: text(), tag: "comedy" } },
  ...(random.int(20) > 0 ? { date: `2023-0${1 + random.int(9)}-01` } : {}),
});

/** Counts words: texts that share some are near. */
function counting(): { embed: Embed; readonly asked: string[] } {
  const asked: string[] = [];
  const vector = (of: string) => WORDS.map((word) => of.split(" ").filter((one) => one === word).length);
  return {
    asked,
    embed: async (texts) => {
      asked.push(...texts);
      return texts.map(vector);
    },
  };
}

const put = (scope: UserScope, ...items: ProfileItem[]) => change(scope, (c) => putItems(c, task.name, items, 1));

describeStores("a stored history", ({ open }) => {
  it("is searched as the same items would be that came with the question, whatever was put, replaced and deleted before", async () => {
    const scope = scopeOf(await open(), "ann");
    await putUser(scope, {});
    const [kept, fresh] = [storedHistories(1 << 24), storedHistories(1)];
    const { embed } = counting();
    for (let round = 0; round < 12; round++) {
      await put(scope, ...Array.from({ length: 8 }, (_, i) => item(`${round}-${i}`)));
      if (round > 0) await put(scope, item(`${round - 1}-${random.int(8)}`));
      if (round % 3 === 2) {
        const gone = `${round - 1}-${random.int(8)}`;
        await change(scope, (c) => deleteItems(c, task.name, gone));
        if (round % 2 === 0) await put(scope, item(gone));
      }
      const profile = oldestFirst(await itemsSince(scope, task.name, 0));
      const question = { task: task.name, id: "q" as QueryId, user: null, gold: null, input: `description: ${text()}` };
      for (const method of ["recency", "bm25", "dense", "random"] as const) {
        const options = { method, k: 5, characters: 40 * (round % 2), seed: 3, embed };
        const expected = await retrieveScored(task, { ...question, profile }, options);
        for (const histories of [kept, fresh]) {
          const history = await histories.of(scope, task, "m");
          const found = await history.find(task, question, options);
          expect(history.size).toBe(profile.length);
          expect(found.map((one) => one.item.id)).toEqual(expected.map((one) => one.item.id));
          for (const [i, { score }] of found.entries()) expect(score ?? 0).toBeCloseTo(expected[i]?.score ?? 0, 9);
        }
      }
    }
  });

  it("keeps vectors in the store: an item is embedded once, over instances, and again when it changes", async () => {
    const scope = scopeOf(await open(), "ann");
    await putUser(scope, {});
    await put(scope, item("1"), item("2"));
    const { asked, embed } = counting();
    const ask = async (model = "m", histories = storedHistories(1 << 24)) => {
      asked.length = 0;
      const question = { task: task.name, id: "q" as QueryId, user: null, gold: null, input: "description: love" };
      const history = await histories.of(scope, task, model);
      await history.find(task, question, { method: "dense", k: 2, seed: 0, embed });
      return asked.length - 1;
    };
    expect([await ask(), await ask(), await ask("other"), await ask("other")]).toEqual([2, 0, 2, 0]);
    await put(scope, { id: "1", fields: { description: "war", tag: "comedy" } });
    expect([await ask(), await ask()]).toEqual([1, 0]);
  });

  it("of an item that changes while its vector is made no vector is kept; of a user who is erased meanwhile nothing", async () => {
    const store = await open();
    const scope = scopeOf(store, "ann");
    await putUser(scope, {});
    await put(scope, item("1"));
    const question = { task: task.name, id: "q" as QueryId, user: null, gold: null, input: "description: love" };
    const ask = async (meanwhile: () => Promise<unknown>) => {
      const embed: Embed = async (texts) => {
        await meanwhile();
        return texts.map(() => [1, 2]);
      };
      const history = await storedHistories(1 << 24).of(scope, task, "m");
      return history.find(task, question, { method: "dense", k: 2, seed: 0, embed });
    };
    const vectors = () => store.db.selectFrom("vectors").selectAll().execute();
    await ask(() => put(scope, item("1")));
    expect(await vectors()).toEqual([]);
    await expect(ask(() => eraseUser(scope))).rejects.toThrow(UserGone);
    expect(await vectors()).toEqual([]);
  });

  it("that is being read while its user is erased is not kept in memory", async () => {
    const store = await open();
    const scope = scopeOf(store, "ann");
    await putUser(scope, {});
    await put(scope, item("1"));
    for (const statement of [1, 2]) {
      const histories = storedHistories(1 << 24);
      const slow = doing(store, statement, async () => histories.forget(scope));
      expect((await histories.of(scopeOf(slow, "ann"), task, "m")).size).toBe(1);
      expect(histories.held()).toBe(0);
    }
  });

  it("leaves memory when its user is erased, here or by another instance, and is another's when they are put again", async () => {
    const store = await open();
    const scope = scopeOf(store, "ann");
    await putUser(scope, {});
    await put(scope, item("1"));
    const histories = storedHistories(1 << 24);
    expect((await histories.of(scope, task, "m")).size).toBe(1);
    await eraseUser(scope);
    expect((await histories.of(scope, task, "m")).size).toBe(0);
    await putUser(scope, {});
    expect((await histories.of(scope, task, "m")).size).toBe(0);
    await put(scope, item("2"));
    expect((await histories.of(scope, task, "m")).size).toBe(1);
    await eraseUser(scope);
    await histories.sweep();
    expect(histories.held()).toBe(0);
  });
});
