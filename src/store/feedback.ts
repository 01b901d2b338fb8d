import type { UserId } from "../data/types.ts";
import { type AnswerKept, givenOf, type KeptAnswer, withConsent } from "./answers.ts";
import type { Store } from "./open.ts";
import type { UserScope } from "./user.ts";

/** What a user said of one choice of an answer: the true answer, a grade from 0 to 1, or both. */
export interface Said {
  readonly choice: number;
  readonly gold: string | null;
  readonly grade: number | null;
}

/**
 * Keeps feedback on an answer, in the place of what was said of that choice before; false where the user has not consented, or the answer
 * went meanwhile, with its user or their consent.
 */
export async function keepFeedback(
  scope: UserScope,
  kept: AnswerKept,
  { choice, gold, grade }: Said,
): Promise<boolean> {
  const { id, task, input, given, answers, revision, time: asked } = kept;
  const said = { gold, grade, time: scope.store.now() };
  const row = {
    ...{
      id: `${id}/${choice}`,
      user_id: scope.user,
      task,
      input,
      given: given === null ? null : JSON.stringify(given),
    },
    ...{ answer: answers[choice] ?? null, completion: id, asked, revision, ...said },
  };
  let there = false;
  const consents = await withConsent(scope, async (trx) => {
    const query = trx.selectFrom("answers").select("id").where("id", "=", id).where("user_id", "=", scope.user);
    there = (await query.executeTakeFirst()) !== undefined;
    if (!there) return;
    await trx
      .insertInto("feedback")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet(said))
      .execute();
  });
  return consents && there;
}

/** Feedback as it is exported. */
export interface Feedback extends Pick<KeptAnswer, "task" | "input" | "given" | "revision"> {
  readonly user: UserId;
  readonly completion: string;
  /** Milliseconds since 1970. */
  readonly asked: number;
  readonly answer: string | null;
  readonly gold: string | null;
  readonly grade: number | null;
}

/** Tasks that there is feedback on, of users who consent. */
export async function feedbackTasks({ db }: Store): Promise<string[]> {
  const rows = await db
    .selectFrom("feedback")
    .innerJoin("users", "users.id", "feedback.user_id")
    .select("task")
    .distinct()
    .where("consent", "=", 1)
    .orderBy("task")
    .execute();
  return rows.map(({ task }) => task);
}

/** All feedback on a task, of users who consent, the oldest first. For who runs the server, never for a user. */
export async function allFeedback({ db }: Store, task: string): Promise<Feedback[]> {
  const rows = await db
    .selectFrom("feedback")
    .innerJoin("users", "users.id", "feedback.user_id")
    .select([
      "user_id",
      "task",
      "input",
      "given",
      "answer",
      "gold",
      "grade",
      "completion",
      "asked",
      "feedback.revision",
      "time",
    ])
    .where("consent", "=", 1)
    .where("task", "=", task)
    .orderBy("time")
    .orderBy("feedback.id")
    .execute();
  return rows.map(({ user_id, given, time: _, ...row }) => ({
    ...row,
    user: user_id as UserId,
    given: givenOf(given),
  }));
}
