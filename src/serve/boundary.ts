import { scopeOf, type UserScope } from "../store/user.ts";
import type { Service } from "./service.ts";

/**
 * The one way from a request to what is stored of a user, given exactly one. Whatever a route reads or writes of anybody it does
 * with the scope that comes back, which reaches nobody else.
 * @throws TagprError `usage` where the id can't be one; Refused where there is no store
 */
export function enter({ store }: Pick<Service, "store">, user: string): UserScope {
  if (store === null) throw new Error("a user's scope was asked for without a store");
  return scopeOf(store, user);
}
