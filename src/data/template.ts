/** A name is letters and digits of any script (`{标题}`), `_`, and inside it spaces, dots and hyphens. */
const PLACE = /\{([\p{L}\p{N}_](?:[\p{L}\p{N}_ .-]*[\p{L}\p{N}_])?)\}/gu;

/** Names in `{name}` placeholders of a template. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(PLACE)].map((match) => match[1] ?? "");
}

/** The template with each `{name}` replaced by what `value` gives for it; nothing known is the empty text. */
export function fill(template: string, value: (name: string) => string | null | undefined): string {
  return template.replace(PLACE, (_, name: string) => value(name) ?? "");
}
