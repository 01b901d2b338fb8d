import { scopeOf, type UserScope } from "../store/user.ts";
import { type Caller, checkUser } from "./caller.ts";
import type { Service } from "./service.ts";

/**
 * The one way from a request to what is stored of a user, given exactly one. Whatever a route reads or writes of anybody it does
 * with the scope that comes back, which reaches nobody else.
 * @throws TagprError `usage` where the id can't be one; Refused where the caller's key is bound to others
 */
export function enter({ store }: Pick<Service, "store">, caller: Caller, user: string): UserScope {
  checkUser(caller, user);
  if (store === null) throw new Error("a user's scope was asked for without a store");
  return scopeOf(store, user);
}
