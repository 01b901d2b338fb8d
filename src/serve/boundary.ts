import type { Store } from "../store/open.ts";
import { scopeOf, type UserScope } from "../store/user.ts";
import { type Caller, checkUser } from "./caller.ts";
import { Refused } from "./refusal.ts";
import type { Service } from "./service.ts";

/**
 * The one way from a request to what is stored of a user, given exactly one. Whatever a route reads or writes of anybody it does
 * with the scope that comes back, which reaches nobody else.
 * @throws TagprError `usage` where the id can't be one; Refused where the caller's key is bound to others, or no users are kept
 */
export function enter(service: Pick<Service, "store">, caller: Caller, user: string): UserScope {
  checkUser(caller, user);
  return scopeOf(storeOf(service), user);
}

/** @throws Refused where no users are kept */
export function storeOf({ store }: Pick<Service, "store">): Store {
  if (store !== null) return store;
  throw new Refused({
    ...{ status: 404, code: "no_store" },
    message: "this server keeps no users: it was started without --store",
  });
}
