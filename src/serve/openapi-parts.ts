import { z } from "zod";

/** Pieces of an OpenAPI document that refer to schemas by name. */
export const json = (schema: string) => ({
  "application/json": { schema: { $ref: `#/components/schemas/${schema}` } },
});
export const body = (schema: string) => ({ required: true, content: json(schema) });
export const answers = (what: string, content: object) => ({
  200: { description: what, content },
  default: { description: "A refusal.", content: json("Error") },
});

export const input = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

/** The parameters behind a question mark, from the schema that reads them. */
export const queryOf = (schema: z.ZodObject) =>
  Object.entries(input(schema).properties ?? {}).map(([name, property]) => ({
    ...{ name, in: "query", required: false, schema: property },
  }));

export const inPath = (name: string, what: string) => ({
  ...{ name, in: "path", required: true, description: what, schema: { type: "string" } },
});
export const inHeader = (name: string, what: string) => ({
  ...{ name, in: "header", required: false, description: what, schema: { type: "string" } },
});
