/** Strings, and what opens, closes and parts objects and lists; numbers and words are passed over. */
const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs;

/** The first key that stands twice in one object of a JSON text, which may be cut off; and its line, from 1. */
export function keyTwice(text: string): { readonly key: string; readonly line: number } | null {
  const open: (Set<string> | null)[] = [];
  for (const { 0: token, 1: colon, index } of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    const keys = open.at(-1);
    if (colon === undefined || keys === null || keys === undefined) continue;
    const key = parsed(token.slice(0, -colon.length));
    if (keys.has(key)) return { key, line: text.slice(0, index).split("\n").length };
    keys.add(key);
  }
  return null;
}

function parsed(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}
