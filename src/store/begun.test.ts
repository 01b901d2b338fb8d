import { expect, it } from "vitest";
import { findAnswer, keepAnswer } from "./answers.ts";
import { eraseUser } from "./erase.ts";
import { allFeedback, keepFeedback } from "./feedback.ts";
import type { Store } from "./open.ts";
import { doing } from "./testing/doing.ts";
import { describeStores } from "./testing/stores.ts";
import { findUser, scopeOf } from "./user.ts";
import { putUser } from "./users.ts";

/** Resolves when a promise has settled, or nothing goes on until a transaction that waits for us has ended. */
async function settledOrBlocked({ pool }: Store, work: Promise<unknown>): Promise<void> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  work.then(settle, settle);
  // SQLite's statements wait for the one connection, where nobody can look: what could go on has gone on by then.
  for (let turns = 0; !settled && (pool !== null || turns < 200); turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = await pool?.query("select 1 from pg_locks where not granted");
    if (waiting !== undefined && waiting.rows.length > 0) return;
  }
}

describeStores("what had begun before an erasure", ({ open, url }) => {
  it.each([1, 2, 3, 4, 5])(
    "a user who is put while one of that id is erased, after %i statements, is erased too or stays for good",
    async (n) => {
      const at = await url();
      for (const there of [true, false]) {
        const store = await open(at, () => 1000);
        const scope = scopeOf(store, `ann ${there}`);
        if (there) await putUser(scope, {});
        let erased: Promise<unknown> = Promise.resolve();
        const slow = doing(store, n, () => {
          erased = eraseUser(scope);
          return settledOrBlocked(store, erased);
        });
        await putUser(scopeOf(slow, scope.user), {});
        await erased;
        const left = await findUser(scope);
        const again = await open(at, () => 2000);
        expect(again.erasedAgain).toBe(0);
        expect(await findUser(scopeOf(again, scope.user))).toEqual(left);
      }
    },
  );

  it.each(["is erased and put again", "takes consent back and gives it again"])(
    "feedback on an answer whose user %s meanwhile is not kept",
    async (what) => {
      const store = await open();
      const scope = scopeOf(store, "ann");
      const { user } = await putUser(scope, { consent: true });
      const answer = { task: "t", input: "?", given: null, shown: [], answers: ["a secret"], revision: 0 };
      expect(await keepAnswer(scope, user.born, { id: "c", ...answer })).toBe(true);
      const kept = await findAnswer(scope, "c");
      if (kept === null) throw new Error("the answer is not there");
      if (what.includes("erased")) await eraseUser(scope);
      else await putUser(scope, { consent: false });
      await putUser(scope, { consent: true });
      expect(await keepFeedback(scope, kept, { choice: 0, gold: null, grade: 1 })).toBe(false);
      expect(await allFeedback(store, "t")).toEqual([]);
    },
  );
});
