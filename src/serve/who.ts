import { type Caller, checkUser } from "./caller.ts";
import type { ChatRequest } from "./schema.ts";

/** The header that names a user: a proxy that knows who asks sets it, and it outranks all that the body says. */
export const USER_HEADER = "x-tagpr-user";

/** Who asks, and which field says so. */
export interface Named {
  readonly user: string;
  readonly param: string;
}

/** The fields of a request that name a user. */
type Naming = Pick<ChatRequest, "tagpr" | "safety_identifier" | "user" | "metadata">;

/**
 * Who asks, by the first of: the header `x-tagpr-user`, `tagpr.user`, `safety_identifier`, `user`, `metadata.user_id`, and the one
 * user that the key is bound to. Null: nobody in particular. @throws Refused where the key is for others
 */
export function whoAsks(caller: Caller, header: string | undefined, request: Naming): Named | null {
  const { tagpr, safety_identifier: safety, user, metadata } = request;
  const named: readonly (readonly [param: string, user: string | null | undefined])[] = [
    [USER_HEADER, header === undefined ? undefined : decoded(header)],
    ["tagpr.user", tagpr?.user],
    ["safety_identifier", safety],
    ["user", user],
    ["metadata.user_id", metadata?.user_id],
  ];
  for (const [param, id] of named) {
    if (!id) continue;
    checkUser(caller, id);
    return { user: id, param };
  }
  const [only, ...others] = caller.users ?? [];
  return only === undefined || others.length > 0 ? null : { user: only, param: "Authorization" };
}

/** A header holds no other letters than Latin ones: an id with others, or with a %, is percent-encoded. */
function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}
