/** The first key that stands twice in one object of a JSON text, which may be cut off; and its line, from 1. */
export function keyTwice(text: string): { readonly key: string; readonly line: number } | null {
  const open: (Set<string> | null)[] = [];
  // What opens and closes objects, lists and strings; numbers and words are passed over.
  const signs = /["{}[\]]/g;
  for (let found = signs.exec(text); found !== null; found = signs.exec(text)) {
    const [{ index }, sign] = [found, found[0]];
    if (sign === "{") open.push(new Set());
    else if (sign === "[") open.push(null);
    else if (sign !== '"') open.pop();
    if (sign !== '"') continue;
    const end = stringEnd(text, index + 1);
    if (end < 0) return null;
    signs.lastIndex = end;
    const keys = open.at(-1);
    if (keys === null || keys === undefined || !colonAt(text, end)) continue;
    const key = parsed(text.slice(index, end));
    if (keys.has(key)) return { key, line: text.slice(0, index).split("\n").length };
    keys.add(key);
  }
  return null;
}

/** Index behind the quote that ends a string, -1 where the text ends first. */
function stringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slash = quote;
    while (slash > from && text[slash - 1] === "\\") slash--;
    if ((quote - slash) % 2 === 0) return quote + 1;
  }
  return -1;
}

function colonAt(text: string, from: number): boolean {
  let at = from;
  while (" \t\r\n".includes(text[at] ?? ":")) at++;
  return text[at] === ":";
}

function parsed(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}
