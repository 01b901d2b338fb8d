import { z } from "zod";
import { configSchema } from "../core/config/schema.ts";

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/** The config's JSON Schema, for editors and other programs. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: "input" });
}

/** `docs/configuration.md`: a table a section, from the schema alone. */
export function configReference(): string {
  const root = configJsonSchema() as Node;
  const sections = Object.entries(root.properties ?? {}).filter(([, node]) => node.properties !== undefined);
  const plain = Object.entries(root.properties ?? {}).filter(([, node]) => node.properties === undefined);
  return [
    "# Configuration",
    "",
    "Made from the schema by `npm run docs`; do not edit. One YAML file, every key optional. `tagpr config show FILE` prints",
    "a file with every default filled in, `tagpr config check FILE` checks it, `--set guided.epochs=2` puts a value over it.",
    "What is marked *paper* stands in the paper; all else is ours. Relative paths (`data.paths`, a task's YAML file, models) are",
    "taken from the folder where the command is called, not from the YAML file's; models that come with TagPR (`models/nano`)",
    "are found from anywhere.",
    "",
    table(plain.flatMap(([name, node]) => rows(name, node))),
    ...sections.flatMap(([name, node]) => [
      "",
      `## ${name}`,
      "",
      ...(node.description === undefined ? [] : [node.description, ""]),
      table(Object.entries(node.properties ?? {}).flatMap(([key, child]) => rows(`${name}.${key}`, child))),
      ...(name === "eval" ? ["", "What `eval.methods` and `eval.swap` choose from: [methods.md](methods.md)."] : []),
    ]),
    "",
  ].join("\n");
}

function table(lines: readonly string[]): string {
  return ["| key | type | default | meaning |", "|---|---|---|---|", ...lines].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A group with a description of its own has a row too, before those of its keys. */
function rows(path: string, node: Node): string[] {
  if (node.properties !== undefined)
    return [
      ...(node.description === undefined ? [] : [`| \`${path}.*\` | | | ${cell(node.description)} |`]),
      ...Object.entries(node.properties).flatMap(([key, child]) => rows(`${path}.${key}`, child)),
    ];
  const fallback = node.default === undefined ? "" : `\`${JSON.stringify(node.default)}\``;
  return [`| \`${path}\` | ${cell(typeOf(node))} | ${cell(fallback)} | ${cell(node.description ?? "")} |`];
}

function typeOf(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (node.type === "array") return `list of ${node.items === undefined ? "values" : typeOf(node.items)}`;
  const range = [
    ...(node.minimum === undefined ? [] : [`≥ ${node.minimum}`]),
    ...(node.exclusiveMinimum === undefined ? [] : [`> ${node.exclusiveMinimum}`]),
    ...(node.maximum === undefined || node.maximum >= Number.MAX_SAFE_INTEGER ? [] : [`≤ ${node.maximum}`]),
  ].join(", ");
  const name = { integer: "whole number", number: "number", string: "text", boolean: "true or false" }[node.type ?? ""];
  return `${name ?? node.type ?? "value"}${range === "" ? "" : ` ${range}`}`;
}
