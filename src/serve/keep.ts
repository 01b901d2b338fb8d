import { keepAnswer } from "../store/answers.ts";
import { findUser, type UserRow, type UserScope } from "../store/user.ts";
import type { Choice } from "./answer.ts";
import type { Wish } from "./ask.ts";
import { enter } from "./boundary.ts";
import type { Caller } from "./caller.ts";
import type { Prepared } from "./prepare.ts";
import type { Service } from "./service.ts";

/** Who consents that an answer to them is kept, as they were when they asked. */
export interface Consenting {
  readonly scope: UserScope;
  readonly user: UserRow;
  /** Whether the history came with the question. */
  readonly given: boolean;
}

/** Null where there is no store, nobody is named, or they are not there or don't consent: then nothing is kept. */
export async function consenting(
  service: Pick<Service, "store">,
  caller: Caller,
  { user: id, items }: Pick<Wish, "user" | "items">,
): Promise<Consenting | null> {
  if (service.store === null || id === undefined) return null;
  const scope = enter(service, caller, id);
  const user = await findUser(scope);
  return user === null || user.consent !== 1 ? null : { scope, user, given: items !== undefined };
}

/** Keeps the query, the items shown and the answers, so that feedback may be given on them; answers whether it did. */
export async function keep(
  { log }: { readonly log: Pick<Service["log"], "error"> },
  who: Consenting | null,
  id: string,
  { question, shown }: Prepared,
  choices: readonly Pick<Choice, "answer">[],
): Promise<boolean> {
  if (who === null) return false;
  const { scope, user, given } = who;
  const items = shown.items.map(({ number: _, score: __, ...item }) => item);
  try {
    return await keepAnswer(scope, user.born, {
      ...{ id, task: question.task.name, input: question.input, revision: user.revision },
      ...{ given: given ? items : null, shown: items.map((item) => item.id) },
      answers: choices.map(({ answer }) => answer),
    });
  } catch (error) {
    // The answer is there, and is worth more than that it can be graded.
    log.error({ id, error: error instanceof Error ? error.name : typeof error }, "an answer could not be kept");
    return false;
  }
}
