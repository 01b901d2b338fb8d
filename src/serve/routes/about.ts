import type { Context } from "hono";
import { examples, makeWorld, SHAPES } from "../../data/synthetic/index.ts";
import type { Task } from "../../data/task.ts";
import type { Service } from "../service.ts";

/** `GET /page/about`: what the page has to know so that a person can ask; it changes with the page and is no part of the API. */
export function aboutRoute({ askers, users }: Service) {
  const body = {
    models: [...askers].map(([id, { model }]) => ({
      ...{ id, base: model.stage === "base", tags: model.tags },
      tasks: model.tasks.map(taskOf),
    })),
    users: users === null ? null : { some: users.some, count: users.count },
  };
  return (c: Context): Response => c.json(body);
}

const taskOf = (task: Task) => ({
  ...{ name: task.name, title: task.title, answer: task.answer, form: task.prompt ?? null },
  fields: task.itemFields.map(({ name }) => name),
  example: exampleOf(task),
});

/** A history and a query to begin with: a user of the synthetic world, or the fields of an item to be filled in. */
function exampleOf(task: Task): { items: Record<string, string>[]; query: string } {
  const shape = Object.values(SHAPES).find((one) => one.task === task.name);
  if (shape === undefined)
    return { items: [Object.fromEntries(task.itemFields.map(({ name }) => [name, "…"]))], query: task.prompt ?? "" };
  const [first] = examples(makeWorld(0), shape, { split: "page", users: 1 });
  return { items: first?.profile.map(({ fields }) => ({ ...fields })) ?? [], query: first?.input ?? "" };
}
