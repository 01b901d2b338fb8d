import type { Context } from "hono";
import type { z } from "zod";
import { countItems } from "../../store/items.ts";
import { findUser, UserGone, type UserRow, type UserScope } from "../../store/user.ts";
import { pageUsers, putUser } from "../../store/users.ts";
import { enter, storeOf } from "../boundary.ts";
import type { Service } from "../service.ts";
import * as schema from "../users-schema.ts";
import { readBody, readQuery } from "./body.ts";
import type { Noted } from "./note.ts";

/** The user that a path names. */
export const scopeOfPath = (service: Service, c: Context<Noted>): UserScope =>
  enter(service, c.get("caller"), c.req.param("user") ?? "");

/** `PUT /v1/users/{user}`. */
export function putUserRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const asked = await readBody(c, schema.putUser);
    const { user, made } = await putUser(scope, asked, c.get("begunFor").erased);
    return c.json(await userOf(scope, user), made ? 201 : 200);
  };
}

/** `GET /v1/users/{user}`. */
export function getUserRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const found = await findUser(scope);
    if (found === null) throw new UserGone();
    return c.json(await userOf(scope, found));
  };
}

/** `GET /v1/users`: for who runs the server, since it names everybody. */
export function listUsersRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const store = storeOf(service);
    const { limit, after } = readQuery(c, schema.usersQuery);
    const rows = await pageUsers(store, limit, after);
    return c.json(pageOf(rows.map(briefly), limit) satisfies z.output<typeof schema.userList>);
  };
}

const briefly = ({ id, created, consent }: UserRow) => ({
  ...{ object: "user" as const, id, created: Math.floor(created / 1000), consent: consent === 1 },
});

export const userOf = async (scope: UserScope, row: UserRow): Promise<z.output<typeof schema.user>> => ({
  ...briefly(row),
  items: await countItems(scope),
});

/** A page of OpenAI's lists, of rows of which one more than `limit` were asked for. */
export function pageOf<T extends { readonly id: string }>(rows: readonly T[], limit: number) {
  const data = rows.slice(0, limit);
  return {
    ...{ object: "list" as const, data },
    ...{ first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: rows.length > limit },
  };
}
