/** A name is whatever a table calls a column (`{标题}`, `{review (text)}`), without quotes and colons: JSON is no place. */
const PLACE = /\{([^{}\n"':]+)\}/gu;

/** Names in `{name}` placeholders of a template. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(PLACE)].map((match) => match[1] ?? "");
}

/** The template with each `{name}` replaced by what `value` gives for it; nothing known is the empty text. */
export function fill(template: string, value: (name: string) => string | null | undefined): string {
  return template.replace(PLACE, (_, name: string) => value(name) ?? "");
}
