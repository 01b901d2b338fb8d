import { readFileSync } from "node:fs";
import { distance } from "fastest-levenshtein";
import { type Document, LineCounter, Parser, parseDocument } from "yaml";
import { z } from "zod";
import { readFault } from "./disk.ts";
import { messageOf, TagprError } from "./errors.ts";

/** A value put over what the file says, e.g. by `--set guided.epochs=2`; `from` names it in errors. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly from: string;
}

/** A schema, and where a person finds its keys: the end of the hint of every error. */
export interface Form<T> {
  readonly schema: z.ZodType<T>;
  readonly keys: string;
}

/**
 * Reads one YAML file against a schema.
 * Errors name `file:line:column` and, for an unknown key, the nearest known one.
 */
export function readYaml<T>(path: string, form: Form<T>, overrides: readonly Override[] = []): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new TagprError("usage", missing ? `no file ${path}` : readFault(path, error), {
      hint: "Check the path.",
      cause: error,
    });
  }
  return parseYaml(text, path, form, overrides);
}

/** {@link readYaml} on text; `path` is only for messages. */
export function parseYaml<T>(
  text: string,
  path: string,
  { schema, keys }: Form<T>,
  overrides: readonly Override[] = [],
): T {
  const lines = new LineCounter();
  refuseDepth(text, path);
  const doc = guarded(path, () => parseDocument(text, { lineCounter: lines, merge: true, logLevel: "error" }));
  const broken = doc.errors[0];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const first = broken.message.split(" at line ")[0] ?? broken.message;
    throw new TagprError("usage", `${path}:${line}:${col}: not YAML: ${first}`, { cause: broken });
  }
  const tree: unknown = guarded(path, () => doc.toJS()) ?? {};
  const result = schema.safeParse(overrides.reduce<unknown>(put, tree));
  if (result.success) return result.data;
  const source: Source = { path, doc, lines, schema, overrides };
  // Unknown keys first: a mistyped key is often why another one is missing.
  const [unknown, others] = partition(result.error.issues, (issue) => issue.code === "unrecognized_keys");
  throw new TagprError("usage", [...unknown, ...others].map((issue) => describe(issue, source)).join("\n"), {
    hint: `Mend what is named above; ${keys}.`,
  });
}

/** Far more than any config has. The parser calls itself level by level, and what runs out of stack there ends the process. */
const MOST_LEVELS = 100;

function refuseDepth(text: string, path: string): void {
  const open: [node: unknown, depth: number][] = tokensOf(text, path).map((token) => [token, 0]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, depth] = next;
    if (!isObject(node)) continue;
    if (depth > 2 * MOST_LEVELS) throw tooDeep(path);
    const items = Array.isArray(node.items) ? node.items : [];
    for (const child of [node.key, node.value, ...items]) open.push([child, depth + 1]);
  }
}

/** Blocks that close all at once are closed within each other: of thousands even the tokens run out of stack. */
function tokensOf(text: string, path: string): unknown[] {
  try {
    return [...new Parser().parse(text)];
  } catch (error) {
    throw error instanceof RangeError ? tooDeep(path) : error;
  }
}

const tooDeep = (path: string): TagprError =>
  new TagprError("usage", `${path}: not YAML that can be read: it is nested more than ${MOST_LEVELS} levels deep`, {
    hint: "A config has a few levels: is this the right file?",
  });

/** What the parser throws instead of reporting: aliases that lead nowhere or multiply without end, endless nesting. */
function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TagprError("usage", `${path}: not YAML that can be read: ${messageOf(error)}`, {
      hint: "Write out what its aliases (*name) stand for.",
      cause: error,
    });
  }
}

interface Source {
  readonly path: string;
  readonly doc: Document.Parsed;
  readonly lines: LineCounter;
  readonly schema: z.ZodType;
  readonly overrides: readonly Override[];
}
function partition<T>(items: readonly T[], first: (item: T) => boolean): [T[], T[]] {
  return [items.filter(first), items.filter((item) => !first(item))];
}
type Path = readonly (string | number)[];

/** A copy with values put over it that are of the kind that stands there: nothing is checked. */
export const withOverrides = <T>(tree: T, overrides: readonly Override[]): T =>
  overrides.reduce<unknown>(put, tree) as T;

/** A copy of the tree with one value put in; a scalar in the way is replaced. */
function put(tree: unknown, { path, value }: Override): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  const node =
    typeof tree === "object" && tree !== null && !Array.isArray(tree) ? (tree as Record<string, unknown>) : {};
  return { ...node, [head]: put(node[head], { path: rest, value, from: "" }) };
}

function describe(issue: z.core.$ZodIssue, source: Source): string {
  const at = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code !== "unrecognized_keys") {
    const name = at.length > 0 ? `${at.join(".")}: ` : "";
    return `${where(source, at)}: ${name}${issue.message}`;
  }
  return issue.keys
    .map((key) => {
      const known = keysAt(z.toJSONSchema(source.schema, { io: "input", unrepresentable: "any" }), at);
      const near = nearest(key, known);
      const advice = near === undefined ? "" : ` (did you mean ${near}?)`;
      return `${where(source, [...at, key])}: unknown key ${[...at, key].join(".")}${advice}`;
    })
    .join("\n");
}

/** Where the deepest existing node on a path stands: a missing key is reported where its parent is. */
function where({ path, doc, lines, overrides }: Source, at: Path): string {
  const over = overrides.find((one) => startsWith(one.path, at) || startsWith(at, one.path));
  if (over !== undefined) return over.from;
  for (let depth = at.length; depth > 0; depth--) {
    const start = keyStart(doc, at.slice(0, depth));
    if (start === null) continue;
    const { line, col } = lines.linePos(start);
    return `${path}:${line}:${col}`;
  }
  return `${path}:1:1`;
}

const startsWith = (path: Path, prefix: Path): boolean =>
  prefix.length <= path.length && prefix.every((p, i) => p === path[i]);

/** Offset of a key in its map, else of the node itself; null when there is neither. */
function keyStart(doc: Document.Parsed, at: Path): number | null {
  const parent: unknown = at.length === 1 ? doc.contents : doc.getIn(at.slice(0, -1), true);
  const last = at.at(-1);
  if (isObject(parent) && Array.isArray(parent.items))
    for (const pair of parent.items as unknown[])
      if (isObject(pair) && isObject(pair.key) && pair.key.value === last && Array.isArray(pair.key.range))
        return Number(pair.key.range[0]);
  const node: unknown = doc.getIn(at, true);
  return isObject(node) && Array.isArray(node.range) ? Number(node.range[0]) : null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** The known name nearest to a mistyped one, if any is near enough to be meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((k) => ({ k, d: distance(name.toLowerCase(), k.toLowerCase()) })).sort((a, b) => a.d - b.d);
  const best = scored[0];
  return best !== undefined && best.d <= Math.max(2, name.length / 2) ? best.k : undefined;
}

/** Property names that a JSON Schema allows at a path; unions offer those of all their members. */
function keysAt(schema: unknown, at: Path): string[] {
  if (!isObject(schema)) return [];
  const members = [schema.anyOf, schema.oneOf, schema.allOf].filter(Array.isArray).flat();
  const properties = isObject(schema.properties) ? schema.properties : {};
  const [head, ...rest] = at;
  const own =
    head === undefined
      ? Object.keys(properties)
      : typeof head === "number"
        ? keysAt(schema.items, rest)
        : keysAt(properties[head], rest);
  return [...own, ...members.flatMap((member) => keysAt(member, at))];
}
