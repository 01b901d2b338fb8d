import { compareDates, oldestFirst } from "../data/dates.ts";
import { asksItself } from "../data/leaks.ts";
import { MAX_HISTORY } from "../data/records.ts";
import type { Task } from "../data/task.ts";
import type { Example, ProfileItem, QueryId } from "../data/types.ts";
import { allFeedback, type Feedback } from "./feedback.ts";
import { itemsUntil } from "./items.ts";
import type { Store } from "./open.ts";
import { scopeOf } from "./user.ts";

/** Queries that users answered, and how much of their feedback is none. */
export interface FeedbackQueries {
  readonly queries: readonly Example[];
  /** Graded lower than is taken for right, or of an answer that could not be read. */
  readonly wrong: number;
  /** The same question of the same user, later said otherwise. */
  readonly again: number;
  /** Asked for what stood in the history already. */
  readonly known: number;
}

export interface FeedbackOptions {
  /** From this grade on an answer is taken for the true one. */
  readonly minGrade: number;
}

/**
 * What is learnt from feedback: a query with its true answer (told, or the answer where it was graded so well), and the history
 * as it was when the question was asked, {@link MAX_HISTORY} items at most. Only of users who consent; the oldest first.
 */
export async function feedbackQueries(store: Store, task: Task, options: FeedbackOptions): Promise<FeedbackQueries> {
  const said = await allFeedback(store, task.name);
  const right = said.flatMap((one) => {
    const gold = one.gold ?? (one.grade !== null && one.grade >= options.minGrade ? one.answer : null);
    return gold === null ? [] : [{ ...one, gold }];
  });
  const last = new Map(right.map((one) => [JSON.stringify([one.user, one.input]), one]));
  const queries: Example[] = [];
  let known = 0;
  for (const one of last.values()) {
    const query = { ...askedOf(one), gold: one.gold, profile: await profileOf(store, one) };
    if (asksItself(task, query)) known++;
    else queries.push(query);
  }
  return { queries, wrong: said.length - right.length, again: right.length - last.size, known };
}

const askedOf = ({ completion, user, task, input, asked }: Feedback) => ({
  ...{ id: completion as QueryId, user, task, input, date: dateOf(asked) },
});

/** `2026-11-30T10:31:22Z` */
const dateOf = (time: number): string => new Date(time).toISOString().replace(/\.\d+/, "");

async function profileOf(store: Store, one: Feedback): Promise<readonly ProfileItem[]> {
  const { user, task, given, revision, asked } = one;
  const items = given ?? (await itemsUntil(scopeOf(store, user), task, revision));
  // A date that is still to come can't be held against the question's.
  const past = items.filter(({ date }) => date === undefined || compareDates(date, dateOf(asked)) <= 0);
  return oldestFirst(past)
    .slice(-MAX_HISTORY)
    .map(({ id, date, fields }) => ({ id, fields, ...(date === undefined ? {} : { date }) }));
}
