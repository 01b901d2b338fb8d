/** A body as JSON; undefined where it is none. */
export function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    return undefined;
  }
}

const MOST = 300;

/**
 * What a server says of a failure, in its own words, on one line: OpenAI's `{error: {message}}`, `{error}`, `{message}`, FastAPI's
 * `{detail}` (a text or pydantic's list), a page's title, or the text as it stands. Control characters never reach a terminal.
 */
export function sentenceOf(text: string): string {
  const body = bodyOf(text);
  const said = body === undefined ? plain(text) : (wordsIn(body) ?? text);
  return said.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
}

/** As much of a sentence as a message repeats. */
export const clipped = (line: string): string => (line.length > MOST ? `${line.slice(0, MOST)}…` : line);

/** Of a web page the title, which says more than its first tags. */
function plain(text: string): string {
  const start = text.slice(0, 10_000);
  const title = /<title[^>]{0,200}>([^<]{1,300})<\/title>/i.exec(start)?.[1];
  return title === undefined ? start : `a web page, "${title.trim()}"`;
}

function wordsIn(body: unknown, depth = 0): string | null {
  if (typeof body === "string") return body;
  if (depth > 4 || typeof body !== "object" || body === null) return null;
  if (Array.isArray(body)) return body.map(lineOf).join("; ") || null;
  const { error, message, detail, msg } = body as Record<string, unknown>;
  for (const part of [error, message, detail, msg]) {
    const words = part === undefined || part === null ? null : wordsIn(part, depth + 1);
    if (words !== null) return words;
  }
  return null;
}

/** One of pydantic's complaints: where, and what. */
function lineOf(part: unknown): string {
  if (typeof part !== "object" || part === null) return String(part);
  const { loc, msg } = part as { loc?: unknown; msg?: unknown };
  const place = Array.isArray(loc) ? loc.filter((step) => step !== "body").join(".") : "";
  const words = typeof msg === "string" ? msg : JSON.stringify(part);
  return place === "" ? words : `${place}: ${words}`;
}
