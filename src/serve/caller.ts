import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { findKey, SCOPES, type Scope } from "../store/keys.ts";
import { checkRate } from "./rate.ts";
import { Refused } from "./refusal.ts";
import type { Noted } from "./routes/note.ts";
import type { Service } from "./service.ts";

/** Who sent a request: a key of the store, or the server's own token. */
export interface Caller {
  /** As logs name it. */
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** Whom alone it may ask for; null: everybody. */
  readonly users: readonly string[] | null;
  /** For whom alone this request is, whatever else it names: a proxy said who asks. Null: it said nothing. */
  readonly only: string | null;
}

/** The header that names a user: a proxy that knows who asks sets it, and it outranks all that path and body say. */
export const USER_HEADER = "x-tagpr-user";

/** Who holds the server's token may do everything. */
export const OWNER: Caller = { key: "token", scopes: SCOPES, users: null, only: null };

/** `Authorization: Bearer KEY`, as OpenAI's clients send it: the server's token, or a key of its store. */
export function checkCaller(service: Pick<Service, "token" | "store" | "rates">): MiddlewareHandler<Noted> {
  const { token, store } = service;
  const own = digest(token);
  return async (c, next) => {
    const given = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    const caller = given === undefined ? null : await callerOf(given, own, store);
    if (caller === null)
      throw new Refused({
        status: 401,
        message: `the ${store === null ? "token" : "key"} is missing or wrong (Authorization: Bearer ${store === null ? "TOKEN" : "KEY"})`,
        code: "invalid_api_key",
      });
    const only = userOf(c.req.header(USER_HEADER));
    c.set("caller", { ...caller, only });
    if (store !== null) c.get("note").key = caller.key;
    checkScope(c, { ...caller, only });
    if (c.req.path.startsWith("/v1/")) await checkRate(service, "key", caller.key);
    await next();
  };
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

async function callerOf(given: string, own: Buffer, store: Service["store"]): Promise<Caller | null> {
  if (timingSafeEqual(digest(given), own)) return OWNER;
  const key = store === null ? null : await findKey(store, given);
  return key && { key: key.id, scopes: key.scopes, users: key.users, only: null };
}

/** A header holds no other letters than Latin ones: an id with others, or with a %, is percent-encoded. */
function userOf(header = ""): string | null {
  if (header === "") return null;
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}

const ASKS: ReadonlySet<string> = new Set([
  "/v1/chat/completions",
  "/v1/models",
  "/v1/embeddings",
  "/openapi.json",
  "/page/about",
]);
const WRITES = /^\/v1\/(?:feedback|users\/:user(?:\/.*)?)$/;

/** What a route is for; what is said nowhere is for admins. */
const needOf = (path: string): Scope => (ASKS.has(path) ? "ask" : WRITES.test(path) ? "write" : "admin");

function checkScope(c: Context, { scopes, only }: Caller): void {
  // A path that is no route is told so.
  const path = matchedRoutes(c).findLast((route) => route.path !== "/*")?.path;
  const need = path === undefined ? undefined : needOf(path);
  if (need === "admin" && only !== null)
    throw new Refused({
      status: 403,
      message: `a request for one user (${USER_HEADER}) is none of an admin's`,
      code: "scope",
    });
  if (need === undefined || scopes.includes(need) || scopes.includes("admin")) return;
  throw new Refused({ status: 403, message: `this key lacks the scope ${need}`, code: "scope" });
}

/**
 * @throws Refused where a key that is bound to some users is used for another, or a request for one user names another: whether there
 * is such a one is not told
 */
export function checkUser({ users, only }: Caller, user: string): void {
  if (only !== null && user !== only)
    throw new Refused({ status: 403, message: `this request is for another user (${USER_HEADER})`, code: "user" });
  if (users === null || users.includes(user)) return;
  throw new Refused({ status: 403, message: "this key is not for that user", code: "user" });
}
