import { TagprError } from "../core/errors.ts";

/** A stretch of text as it stands, or a place that a value is put into. */
export type Part = { readonly text: string } | { readonly place: string };

/** A template's parts, or what is wrong with it. */
export type Parsed = { readonly parts: readonly Part[] } | { readonly fault: string };

/** What may stand in a place without quotes: not what begins or ends a place, a line, or a quoted name. */
const BARE = /^[^{}"\r\n][^{}\r\n]*$/u;
/** Text up to the next brace, a doubled brace, a place with a quoted name, or one with a bare name. */
const TOKEN = /[^{}]+|\{\{|\}\}|\{("(?:[^"\\]|\\.)*")\}|\{([^{}"\r\n][^{}\r\n]*)\}/gsuy;

/**
 * The one parser of templates. `{name}` is the value of a column or field, whatever it is called; a name with braces, line
 * ends or a quote at its beginning is written as a JSON string: `{"a {strange}\nname"}`. `{{` and `}}` are braces.
 * Everything else with a brace is a fault, never text.
 */
export function parseTemplate(template: string): Parsed {
  const known = PARSED.get(template);
  if (known !== undefined) return known;
  const parsed = parse(template);
  PARSED.set(template, parsed);
  return parsed;
}

/** A task has a handful of templates, which are filled once a query and once an item. */
const PARSED = new Map<string, Parsed>();

function parse(template: string): Parsed {
  const parts: Part[] = [];
  const addText = (text: string): void => {
    const last = parts.at(-1);
    if (last !== undefined && "text" in last) parts[parts.length - 1] = { text: last.text + text };
    else parts.push({ text });
  };
  for (let at = 0; at < template.length; ) {
    TOKEN.lastIndex = at;
    const [token = "", quoted, bare] = TOKEN.exec(template) ?? [];
    const name = quoted === undefined ? bare : unquoted(quoted);
    if (token === "" || name === null) return { fault: faultAt(template, at) };
    if (name !== undefined) parts.push({ place: name });
    else addText(token === "{{" ? "{" : token === "}}" ? "}" : token);
    at += token.length;
  }
  return { parts };
}

/** The name in a JSON string, null where it is no such string. */
function unquoted(text: string): string | null {
  try {
    return JSON.parse(text) as string;
  } catch {
    return null;
  }
}

function faultAt(template: string, at: number): string {
  const shown = JSON.stringify(template.slice(at, at + 24));
  return `${shown} is no place: a name goes in as {name}, a strange one in quotes as {"na{m}e"}, a brace itself as {{ or }}`;
}

function partsOf(template: string): readonly Part[] {
  const parsed = parseTemplate(template);
  if ("parts" in parsed) return parsed.parts;
  throw new TagprError("usage", `template: ${parsed.fault}`, { hint: "Mend the template in the task file." });
}

/** Names in the places of a template. */
export function placeholders(template: string): string[] {
  return partsOf(template).flatMap((part) => ("place" in part ? [part.place] : []));
}

/** The template with each place replaced by what `value` gives for its name; nothing known is the empty text. */
export function fill(template: string, value: (name: string) => string | null | undefined): string {
  return partsOf(template)
    .map((part) => ("text" in part ? part.text : (value(part.place) ?? "")))
    .join("");
}

/** How a place with this name is written. */
export const placeOf = (name: string): string => `{${BARE.test(name) ? name : JSON.stringify(name)}}`;

/** How a text is written in a template, so that its braces stay braces. */
export const literal = (text: string): string => text.replace(/[{}]/g, (brace) => brace + brace);
