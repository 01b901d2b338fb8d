import { readFileSync } from "node:fs";
import { distance } from "fastest-levenshtein";
import { type Document, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { messageOf, TagprError } from "../core/errors.ts";

/**
 * Reads one YAML file against a schema.
 * Errors name `file:line` and, for an unknown key, the nearest known one.
 */
export function readYaml<T>(path: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new TagprError("usage", `${path}: ${messageOf(error)}`, { hint: "Check the path.", cause: error });
  }
  return parseYaml(text, path, schema);
}

/** {@link readYaml} on text; `path` is only for messages. */
export function parseYaml<T>(text: string, path: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines });
  const broken = doc.errors[0];
  if (broken !== undefined) {
    const line = lines.linePos(broken.pos[0]).line;
    const first = broken.message.split(" at line ")[0] ?? broken.message;
    throw new TagprError("usage", `${path}:${line}: not YAML: ${first}`, { cause: broken });
  }
  const result = schema.safeParse(doc.toJS() ?? {});
  if (result.success) return result.data;
  const messages = result.error.issues.map((issue) => describe(issue, path, doc, lines, schema));
  throw new TagprError("usage", messages.join("\n"), { hint: "Mend the lines named above." });
}

function describe(
  issue: z.core.$ZodIssue,
  path: string,
  doc: Document.Parsed,
  lines: LineCounter,
  schema: z.ZodType,
): string {
  const at = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code !== "unrecognized_keys") {
    const where = at.length > 0 ? `${at.join(".")}: ` : "";
    return `${path}:${lineOf(doc, lines, at)}: ${where}${issue.message}`;
  }
  return issue.keys
    .map((key) => {
      const near = nearest(key, keysAt(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), at));
      const advice = near === undefined ? "" : ` (did you mean ${near}?)`;
      return `${path}:${lineOf(doc, lines, [...at, key])}: unknown key ${[...at, key].join(".")}${advice}`;
    })
    .join("\n");
}

/** Line of the deepest existing node on a path: a missing key is reported where its parent stands. */
function lineOf(doc: Document.Parsed, lines: LineCounter, at: readonly (string | number)[]): number {
  for (let depth = at.length; depth > 0; depth--) {
    const node: unknown = doc.getIn(at.slice(0, depth), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range))
      return lines.linePos(Number(node.range[0])).line;
  }
  return 1;
}

/** The known name nearest to a mistyped one, if any is near enough to be meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((k) => ({ k, d: distance(name.toLowerCase(), k.toLowerCase()) })).sort((a, b) => a.d - b.d);
  const best = scored[0];
  return best !== undefined && best.d <= Math.max(2, name.length / 2) ? best.k : undefined;
}

/** Property names that a JSON Schema allows at a path; unions offer those of all their members. */
function keysAt(schema: unknown, at: readonly (string | number)[]): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const node = schema as Record<string, unknown>;
  const members = [node.anyOf, node.oneOf, node.allOf].filter(Array.isArray).flat();
  const properties = (node.properties ?? {}) as Record<string, unknown>;
  const [head, ...rest] = at;
  const below = (part: unknown, path: readonly (string | number)[]) => keysAt(part, path);
  const own =
    head === undefined
      ? Object.keys(properties)
      : typeof head === "number"
        ? below(node.items, rest)
        : below(properties[head], rest);
  return [...own, ...members.flatMap((member) => below(member, at))];
}
