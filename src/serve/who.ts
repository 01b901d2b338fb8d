import { type Caller, checkUser, USER_HEADER } from "./caller.ts";
import type { ChatRequest } from "./schema.ts";

/** Who asks, and which field says so. */
export interface Named {
  readonly user: string;
  readonly param: string;
}

/** The fields of a request that name a user. */
type Naming = Pick<ChatRequest, "tagpr" | "safety_identifier" | "user" | "metadata">;

/**
 * Who asks, by the first of: the header `x-tagpr-user`, `tagpr.user`, `safety_identifier`, `user`, `metadata.user_id`, and the one
 * user that the key is bound to. Null: nobody in particular. @throws Refused where the key is for others than whoever is named, in
 * whatever field
 */
export function whoAsks(caller: Caller, request: Naming): Named | null {
  const { tagpr, safety_identifier: safety, user, metadata } = request;
  const named: readonly (readonly [param: string, user: string | null | undefined])[] = [
    [USER_HEADER, caller.only],
    ["tagpr.user", tagpr?.user],
    ["safety_identifier", safety],
    ["user", user],
    ["metadata.user_id", metadata?.user_id],
  ];
  const [first] = named.flatMap(([param, user]) => {
    if (!user) return [];
    checkUser({ ...caller, only: null }, user);
    return [{ user, param }];
  });
  if (first !== undefined) return first;
  const [only, ...others] = caller.users ?? [];
  return only === undefined || others.length > 0 ? null : { user: only, param: "Authorization" };
}
