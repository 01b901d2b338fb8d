import type { MiddlewareHandler } from "hono";
import { findUser } from "../../store/user.ts";
import { lastErased } from "../../store/users.ts";
import type { Service } from "../service.ts";
import type { Noted } from "./note.ts";
import { scopeOfPath } from "./users.ts";

/** Notes for whom a request with a body begins: where they are erased while the body comes, it writes nothing. */
export function beginForUser(service: Service): MiddlewareHandler<Noted> {
  return async (c, next) => {
    const scope = scopeOfPath(service, c);
    c.set("begunFor", { erased: await lastErased(scope), born: (await findUser(scope))?.born });
    await next();
  };
}
