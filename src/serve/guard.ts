import type { MiddlewareHandler } from "hono";
import { Refused } from "./refusal.ts";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Only names of this machine: a page elsewhere whose name was bound to 127.0.0.1 (DNS rebinding) sends its own.
 */
export const checkHost: MiddlewareHandler = async (c, next) => {
  const host = c.req.header("host") ?? "";
  if (!LOOPBACK.has(host.replace(/:\d{1,5}$/, "").toLowerCase()))
    throw new Refused({ status: 403, message: "this server answers to 127.0.0.1 and localhost alone", code: "host" });
  await next();
};

/** Bodies are JSON, or JSON Lines: what a form of another site can send without asking is neither. */
export const checkJson: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("content-type") ?? "";
  const given = c.req.method === "POST" || (c.req.method === "PUT" && type !== "");
  if (given && !/^application\/(?:json|jsonl|x-ndjson)\s*(?:;|$)/i.test(type))
    throw new Refused({ status: 415, message: "the body must be application/json", code: "content_type" });
  await next();
};
