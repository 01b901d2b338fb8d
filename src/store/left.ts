import type { Selectable } from "kysely";
import type { Tables } from "./tables.ts";
import type { UserScope } from "./user.ts";

/** What a user's questions left beside their items, the oldest first. */
export interface Left {
  readonly answers: readonly Omit<Selectable<Tables["answers"]>, "user_id">[];
  readonly feedback: readonly Omit<Selectable<Tables["feedback"]>, "user_id">[];
}

export async function leftOf({ store, user }: UserScope): Promise<Left> {
  const { db } = store;
  const answers = await db.selectFrom("answers").selectAll().where("user_id", "=", user).orderBy("time").execute();
  const feedback = await db.selectFrom("feedback").selectAll().where("user_id", "=", user).orderBy("time").execute();
  return {
    answers: answers.map(({ user_id: _, ...row }) => row),
    feedback: feedback.map(({ user_id: _, ...row }) => row),
  };
}
