import type { Selectable } from "kysely";
import { type AnswerKept, answerOf, givenOf } from "./answers.ts";
import type { Tables } from "./tables.ts";
import type { UserScope } from "./user.ts";

/** What a user's questions left beside their items, the oldest first. */
export interface Left {
  readonly answers: readonly AnswerKept[];
  readonly feedback: readonly (Omit<Selectable<Tables["feedback"]>, "user_id" | "given"> & Pick<AnswerKept, "given">)[];
}

export async function leftOf({ store, user }: UserScope): Promise<Left> {
  const { db } = store;
  const answers = await db.selectFrom("answers").selectAll().where("user_id", "=", user).orderBy("time").execute();
  const feedback = await db.selectFrom("feedback").selectAll().where("user_id", "=", user).orderBy("time").execute();
  return {
    answers: answers.map(answerOf),
    feedback: feedback.map(({ user_id: _, given, ...row }) => ({ ...row, given: givenOf(given) })),
  };
}
