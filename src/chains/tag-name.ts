/** Names that mean something else in a response. */
const RESERVED = new Set(["think", "answer"]);

/** A free name as a tag: lower case, words joined by underscores. May come out empty; see {@link isTagName}. */
export function tagName(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}

/** Whether a name can stand as `<name>` in a chain. */
export function isTagName(name: string): boolean {
  return /^[a-z][a-z0-9_]{1,39}$/.test(name) && !RESERVED.has(name);
}
