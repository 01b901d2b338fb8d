import type { Context } from "hono";
import type { z } from "zod";
import type { Task } from "../../data/task.ts";
import { deleteItems, findItem, pageItems, placeOf, type StoredItem } from "../../store/items.ts";
import { type Keyed, once } from "../../store/requests.ts";
import { change, findUser, UserGone, type UserScope } from "../../store/user.ts";
import { taskOf } from "../ask.ts";
import { readPut } from "../item-of.ts";
import { putBounded } from "../put-items.ts";
import { Refused } from "../refusal.ts";
import type { Service } from "../service.ts";
import * as schema from "../users-schema.ts";
import { readBody, readQuery } from "./body.ts";
import type { Noted } from "./note.ts";
import { pageOf, scopeOfPath } from "./users.ts";

/** `POST /v1/users/{user}/items`, once for an idempotency key. */
export function postItemsRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const { task: named, items: values } = await readBody(c, schema.putItems);
    const task = asked(service, named);
    const items = readPut(task, values, "items", service.uuid);
    const time = scope.store.now();
    const keyed = keyOf(c, ["items", task.name, values]);
    const { status, body } = await change(
      scope,
      (made) =>
        once(made, keyed, time, async () => {
          const counts = await putBounded(made, task.name, items, time, service.limits);
          const ids = items.map(({ id }) => id);
          const done = { object: "user.items.put", task: task.name, ...counts, ids } as const;
          return { status: 200, body: done satisfies z.output<typeof schema.itemsPut> };
        }),
      bornOf(c),
    );
    return c.json(body as object, status as 200);
  };
}

/** `GET /v1/users/{user}/items`. */
export function listItemsRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const { limit, after, task } = readQuery(c, schema.itemsQuery);
    await checkThere(scope);
    const place = after === undefined ? -1 : await placeOf(scope, after, task);
    if (place === null) throw noItem("after");
    const items = await pageItems(scope, { task, from: place + 1, limit: limit + 1 });
    return c.json(pageOf(items.map(itemOf), limit) satisfies z.output<typeof schema.itemList>);
  };
}

/** `PUT /v1/users/{user}/items/{item}`. */
export function putItemRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const value = await readBody(c, schema.putItem);
    const task = asked(service, readQuery(c, schema.taskQuery).task);
    const [item] = readPut(task, [{ ...value, id: c.req.param("item") }], "the body", service.uuid);
    if (item === undefined) throw noItem(null);
    const time = scope.store.now();
    const { added } = await change(
      scope,
      (made) => putBounded(made, task.name, [item], time, service.limits),
      bornOf(c),
    );
    return c.json(itemOf({ ...item, task: task.name, place: 0, time }), added > 0 ? 201 : 200);
  };
}

/** `GET /v1/users/{user}/items/{item}`. */
export function getItemRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const task = asked(service, readQuery(c, schema.taskQuery).task);
    await checkThere(scope);
    const item = await findItem(scope, task.name, c.req.param("item") ?? "");
    if (item === null) throw noItem(null);
    return c.json(itemOf(item));
  };
}

/** `DELETE /v1/users/{user}/items/{item}`. */
export function deleteItemRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const task = asked(service, readQuery(c, schema.taskQuery).task);
    const deleted = await change(scope, (made) => deleteItems(made, task.name, c.req.param("item") ?? ""));
    return c.json({ object: "user.items.deleted", deleted } satisfies z.output<typeof schema.itemsDeleted>);
  };
}

/** `DELETE /v1/users/{user}/items`: those of a task, or all. */
export function deleteItemsRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const { task } = readQuery(c, schema.taskQuery);
    const deleted = await change(scope, (made) => deleteItems(made, task));
    return c.json({ object: "user.items.deleted", deleted } satisfies z.output<typeof schema.itemsDeleted>);
  };
}

/** One of the tasks that are asked here, by name; the default model's first where none is named. */
export function asked({ askers }: Service, named: string | undefined): Task {
  const tasks = [...askers.values()].flatMap(({ model }) => model.tasks);
  return taskOf(tasks, named);
}

export const itemOf = ({ id, task, date, fields, time }: StoredItem): z.output<typeof schema.item> => ({
  ...{ object: "user.item", id, task, fields: { ...fields }, created: Math.floor(time / 1000) },
  ...(date === undefined ? {} : { date }),
});

async function checkThere(scope: UserScope): Promise<void> {
  if ((await findUser(scope)) === null) throw new UserGone();
}

/** Whose items a request with a body changes. @throws UserGone where they were not there when it began */
function bornOf(c: Context<Noted>): { readonly born: string } {
  const { born } = c.get("begunFor");
  if (born === undefined) throw new UserGone();
  return { born };
}

const noItem = (param: string | null): Refused =>
  new Refused({ status: 404, message: "there is no such item", param, code: "item_not_found" });

/** The header of the IETF's draft (draft-ietf-httpapi-idempotency-key-header), as Stripe has it. */
function keyOf(c: Context, request: unknown): Keyed | null {
  const key = c.req.header("idempotency-key");
  return key === undefined ? null : { key, request };
}
