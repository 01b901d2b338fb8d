import { TagprError } from "../core/errors.ts";
import { readItems } from "../data/items.ts";
import { inputFault } from "../data/lamp/input.ts";
import { queryInput } from "../data/query.ts";
import type { Task } from "../data/task.ts";
import type { Message } from "../prompts/chat.ts";
import { givenHistory, type History } from "./history.ts";
import type { Question } from "./prepare.ts";
import type { Users } from "./users.ts";

/** A question as it comes from outside: a command line, a request. */
export interface Wish {
  /** Name of one of the model's tasks; without it the first. */
  readonly task?: string | undefined;
  /** A whole input of the task, or the bare text that it asks about. */
  readonly query: string;
  /** A history, as flat objects; `where` names it in errors. */
  readonly items?: { readonly values: readonly unknown[]; readonly where: string } | undefined;
  /** Whose history of the data it is, where no items are given. */
  readonly user?: string | undefined;
  /** The user's history, where it is no folder's. */
  readonly history?: History | undefined;
  readonly turns?: readonly Message[];
}

/** @throws TagprError `usage`, `data` that says which part of the wish can't be granted */
export function questionOf(tasks: readonly Task[], users: Users | null, wish: Wish): Question {
  const task = taskOf(tasks, wish.task);
  const { user = null, items, turns = [] } = wish;
  const given = items === undefined ? wish.history : givenHistory(readItems(task, items.values, items.where));
  const history = given ?? historyOf(task, users, user);
  return { task, input: inputOf(task, wish.query), user, history, turns };
}

/** @throws TagprError `usage` where no task is called so */
export function taskOf(tasks: readonly Task[], named: string | undefined): Task {
  const task = named === undefined ? tasks[0] : tasks.find(({ name }) => name === named);
  if (task !== undefined) return task;
  throw new TagprError("usage", `no task ${named} is asked here`, {
    hint: `There are ${tasks.map(({ name }) => name).join(", ")}.`,
  });
}

function historyOf({ name }: Task, users: Users | null, user: string | null): History {
  if (user === null) return givenHistory([]);
  if (users === null)
    throw new TagprError("usage", "a user is named, and no data to find their history in", {
      hint: "Give the history itself, or the folder of data with --data.",
    });
  const found = users.find(name, user);
  if (found !== undefined) return givenHistory(found);
  throw new TagprError("usage", `the data has no user ${JSON.stringify(user)} of ${name}`, {
    hint:
      users.some.length === 0
        ? "A user is named by the id in the data."
        : `Some that it has: ${users.some.join(", ")}.`,
  });
}

function inputOf(task: Task, query: string): string {
  if (query.trim() === "") throw new TagprError("usage", "the query is empty", { hint: "Ask something." });
  const input = queryInput(task, query);
  if (input !== null) return input;
  const form = task.prompt === undefined ? "" : ` Its form: ${task.prompt}`;
  throw new TagprError("usage", `the query is no input of ${task.name}: it is ${inputFault(task, query)}`, {
    hint: `The task asks about more than one text, so give the whole input.${form}`,
  });
}
