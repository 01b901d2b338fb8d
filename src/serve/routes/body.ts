import type { Context } from "hono";
import type { z } from "zod";
import { invalid, Refused } from "../refusal.ts";

/** The body of a request, as its schema reads it. @throws Refused that names the first field at fault */
export async function readBody<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const read = schema.safeParse(await jsonOf(c));
  if (read.success) return read.data;
  throw invalid(read.error);
}

async function jsonOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    throw new Refused({ status: 400, message: "the body is no JSON", code: "invalid_json" }, error);
  }
}
