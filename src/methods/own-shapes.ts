import { z } from "zod";
import type { ProfileItem } from "../data/types.ts";
import type { Method } from "../eval/types.ts";
import type { Cut } from "../prompts/budget.ts";

const isFunction = (value: unknown): boolean => typeof value === "function";
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

/** What a module exports: a function that answers, or that with what is to be said of it. */
export const exported = z.preprocess(
  (value) => (isFunction(value) ? { answer: value } : value),
  z.object({
    answer: z.custom<Method["answer"]>(isFunction),
    label: z.string().optional(),
    source: z.string().optional(),
    about: z.string().optional(),
    /** Whether its prompt shows items. */
    profile: z.boolean().default(true),
    /** Whether an answer stands behind `</think>`. */
    reasoning: z.boolean().default(false),
  }),
);
export type Exported = z.output<typeof exported>;

const orText = <T extends z.ZodType>(shape: T) =>
  z.preprocess((value) => (typeof value === "string" ? { response: value } : value), shape);

const said = z.object({ response: z.string(), tokens: z.number().optional(), truncated: z.boolean().default(false) });
export type Said = z.output<typeof said>;

/** A text, or a reply of which all but the response may be left out. */
export const replied = orText(
  said.extend({
    shown: z.array(z.custom<ProfileItem>(isObject)).optional(),
    cut: z.array(z.custom<Cut>(isObject)).default([]),
    cost: z.object({ promptTokens: z.number(), sampledTokens: z.number(), responses: z.number() }).optional(),
    samples: z.array(orText(said)).optional(),
    made: z.record(z.string(), z.unknown()).optional(),
  }),
);
export type Replied = z.output<typeof replied>;

/** What is wrong with a reply, for whoever wrote the module. */
export function faultIn(reply: unknown, error: z.ZodError): string {
  if (!isObject(reply))
    return `the reply is ${JSON.stringify(reply) ?? String(reply)}, neither a text nor an object with a response`;
  const { response } = reply as { response?: unknown };
  if (typeof response !== "string")
    return `the reply has no text as its response (it has ${Object.keys(reply as object).join(", ") || "nothing"})`;
  const [issue] = error.issues;
  return `the reply can't be read: ${issue?.path.join(".")}: ${issue?.message}`;
}
