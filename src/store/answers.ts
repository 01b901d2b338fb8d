import type { Selectable, Transaction } from "kysely";
import type { ProfileItem } from "../data/types.ts";
import type { Tables } from "./tables.ts";
import type { UserRow, UserScope } from "./user.ts";

/** For so long an answer waits for feedback (milliseconds). */
export const ANSWER_KEPT_MS = 30 * 24 * 3600 * 1000;

/** An answer that feedback may be given on. */
export interface KeptAnswer {
  /** The completion's id. */
  readonly id: string;
  readonly task: string;
  /** As the task's queries are written. */
  readonly input: string;
  /** The items that were shown, where the history came with the question; null: it was the user's own. */
  readonly given: readonly ProfileItem[] | null;
  /** Ids of the items that were shown. */
  readonly shown: readonly string[];
  /** Of each choice, the answer as the task reads it strictly; null where it can't. */
  readonly answers: readonly (string | null)[];
  /** The user's revision when it was asked. */
  readonly revision: number;
}

/** One that was kept, and when. */
export type AnswerKept = KeptAnswer & { readonly time: number };

/**
 * Keeps an answer, where the user it was begun for is still there and consents; answers whether it did. Whatever is older than
 * {@link ANSWER_KEPT_MS} goes.
 */
export function keepAnswer(scope: UserScope, born: UserRow["born"], answer: KeptAnswer): Promise<boolean> {
  const { id, task, input, given, shown, answers, revision } = answer;
  const row = {
    ...{ id, user_id: scope.user, task, input, given: given === null ? null : JSON.stringify(given) },
    ...{ shown: JSON.stringify(shown), answer: JSON.stringify(answers), revision, time: scope.store.now() },
  };
  const keep = async (trx: Transaction<Tables>): Promise<void> => {
    await trx.insertInto("answers").values(row).execute();
    await trx
      .deleteFrom("answers")
      .where("time", "<", row.time - ANSWER_KEPT_MS)
      .execute();
  };
  return withConsent(scope, keep, born);
}

/**
 * Runs `work` in one transaction in which the user is there and consents, and stays so to its end; false where they don't.
 * Unlike a change it leaves the revision of their items alone.
 */
export function withConsent(
  { store, user }: UserScope,
  work: (trx: Transaction<Tables>) => Promise<void>,
  born?: UserRow["born"],
): Promise<boolean> {
  return store.db.transaction().execute(async (trx) => {
    // A write comes first: it locks the user's row, and SQLite's file.
    let query = trx.updateTable("users").set({ consent: 1 }).where("id", "=", user).where("consent", "=", 1);
    if (born !== undefined) query = query.where("born", "=", born);
    const { numUpdatedRows } = await query.executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await work(trx);
    return true;
  });
}

/** An answer to this user; null where none is kept under that id. */
export async function findAnswer({ store, user }: UserScope, id: string): Promise<AnswerKept | null> {
  const row = await store.db
    .selectFrom("answers")
    .selectAll()
    .where("id", "=", id)
    .where("user_id", "=", user)
    .executeTakeFirst();
  return row === undefined ? null : answerOf(row);
}

export function answerOf(row: Selectable<Tables["answers"]>): AnswerKept {
  const { id, task, input, given, shown, answer, revision, time } = row;
  return {
    ...{ id, task, input, revision, time, given: givenOf(given), shown: JSON.parse(shown) as string[] },
    answers: JSON.parse(answer) as (string | null)[],
  };
}

export const givenOf = (text: string | null): readonly ProfileItem[] | null =>
  text === null ? null : (JSON.parse(text) as ProfileItem[]);
