import type { Context } from "hono";
import type { z } from "zod";
import { invalid, Refused } from "../refusal.ts";

/** The body of a request, as its schema reads it. @throws Refused that names the first field at fault */
export async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const read = schema.safeParse(await jsonOf(c));
  if (read.success) return read.data;
  throw invalid(read.error);
}

/** What stands behind the question mark, as its schema reads it. @throws Refused that names the first parameter at fault */
export function readQuery<S extends z.ZodType>(c: Context, schema: S): z.output<S> {
  const read = schema.safeParse(c.req.query());
  if (read.success) return read.data;
  throw invalid(read.error);
}

async function jsonOf(c: Context): Promise<unknown> {
  try {
    // A put of nothing more than a name needs no body.
    if (c.req.method === "PUT" && (await c.req.text()) === "") return {};
    return await c.req.json();
  } catch (error) {
    throw new Refused({ status: 400, message: "the body is no JSON", code: "invalid_json" }, error);
  }
}
