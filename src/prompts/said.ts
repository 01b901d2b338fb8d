import { MARKUP } from "./chain.ts";
import { LEAD_IN, LEADS, LINE_LEADS } from "./lead-ins.ts";

const PREAMBLE = /^(?:sure|certainly|okay|ok|of course|here(?:'s|’s| is| are))\b[^\n]{0,200}:\s{0,4}\n/iu;
const WRAPPED = [
  ['"', '"'],
  ["'", "'"],
  ["“", "”"],
  ["‘", "’"],
  ["„", "“"],
  ["«", "»"],
  ["「", "」"],
  ["『", "』"],
  ["《", "》"],
  ["**", "**"],
  ["*", "*"],
  ["__", "__"],
  ["`", "`"],
  ["$", "$"],
] as const;

/**
 * What of an answer text may be the answer itself, the likeliest first: what it marks as such (`\boxed{…}`, JSON's
 * `answer`), what stands after the last `Answer:` or `the tag is`, the whole. Markup, Markdown and wrapping quotes are off.
 */
export function candidates(text: string): string[] {
  const plain = withoutMarks(text);
  const bare = plain.replace(/[*_#`]/g, "");
  const lead = [...bare.matchAll(LEADS)].at(-1);
  const after = lead === undefined ? [] : [bare.slice(lead.index + lead[0].length)];
  const all = [boxed(plain), jsonAnswer(plain), ...after, plain].flatMap((one) => (one === null ? [] : [one]));
  return all.map((one) => unwrapped(one)).filter((one) => one !== "");
}

/** An answer of free text without what a chat model puts around it. */
export function freeAnswer(text: string): string {
  const plain = withoutMarks(text);
  const marked = jsonAnswer(plain) ?? wholeBox(plain);
  if (marked !== null) return unwrapped(marked);
  const bare = plain.replace(/[*_#]/g, (mark) => " ".repeat(mark.length));
  const line = [...bare.matchAll(LINE_LEADS)].at(-1);
  const rest = line === undefined ? "" : plain.slice(line.index + line[0].length);
  const said = trimMarks(rest) === "" ? plain.replace(PREAMBLE, "") : rest;
  return unwrapped(trimMarks(said));
}

/** Without markup and code fences. */
const withoutMarks = (text: string): string =>
  text
    .replace(/^[ \t]{0,3}```[\w-]{0,20}[ \t]{0,4}$/gmu, "")
    .replace(MARKUP, " ")
    .replace(/[\u200b\u2060\ufeff]/g, "")
    .trim();

const trimMarks = (text: string): string =>
  text
    .trim()
    .replace(/^(?:#{1,6}|\*\*(?=\s))\s{1,4}/u, "")
    .replace(/^(?:[-*•]|1[.)])\s{1,4}(?=[^\n]*$)/u, "")
    .trim();

/** Lead-in and wrapping quotes taken off, as often as they stand there. */
function unwrapped(text: string): string {
  const bare = stripQuotes(text.trim());
  // `**Headline:** Big News` has its marks around the lead-in.
  const opened = bare.replace(/^[*_#>\s]{1,12}(?=\S)/u, "");
  const lead = LEAD_IN.exec(opened);
  if (lead === null) return bare;
  const rest = opened.slice(lead[0].length);
  const free = opened === bare ? rest : rest.replace(/^[*_]{1,3}/u, "");
  return stripQuotes(free.trim());
}

/** Takes off wrapping quotes and Markdown marks, unless the same mark stands inside too (`"A" or "B"`). */
function stripQuotes(written: string): string {
  // A full stop behind the closing quote is the sentence's, not the answer's.
  const text = /^["“„«「『].*["”“»」』][.。]$/u.test(written) ? written.slice(0, -1) : written;
  for (const [open, close] of WRAPPED) {
    const inner = text.slice(open.length, text.length - close.length);
    const wrapped = text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close);
    if (wrapped && !inner.includes(open) && !inner.includes(close)) return stripQuotes(inner.trim());
  }
  return text;
}

/** Inside of the last `\boxed{…}`, braces in balance; null without one. */
function boxed(text: string): string | null {
  const at = text.lastIndexOf("\\boxed{");
  if (at < 0) return null;
  let depth = 0;
  for (let i = at + "\\boxed".length; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return plainTex(text.slice(at + "\\boxed{".length, i));
  }
  return plainTex(text.slice(at + "\\boxed{".length));
}

/** The box where the text is nothing else. */
function wholeBox(text: string): string | null {
  return /^\$?\$?\\boxed\{[^{}]*(?:\{[^{}]*\}[^{}]*)?\}\$?\$?[.。]?$/u.test(text) ? boxed(text) : null;
}

const plainTex = (text: string): string =>
  text.replace(/\\(?:text|textbf|textit|mathrm|mathbf|texttt)\{([^{}]*)\}/gu, "$1").replace(/\\([ _&%#])/g, "$1");

const KEYS =
  /^(?:(?:final|predicted)[_ -]?)?(?:answer|prediction|output|label|tag|category|title|headline|rating|score|result|response|tweet)$/i;

/** The answer of the last JSON object in a text, also of a dict as Python prints it; null without one that names an answer. */
function jsonAnswer(text: string): string | null {
  const whole = text.startsWith("{") && text.endsWith("}") ? [text] : [];
  const flat = text.match(/\{[^{}]*\}/g)?.at(-1);
  for (const one of [...whole, ...(flat === undefined ? [] : [flat])]) {
    const found = answerOf(parsed(one) ?? fromPython(one));
    if (found !== null) return found;
  }
  return null;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

/** Texts and numbers of a dict as Python prints it. */
function fromPython(dict: string): unknown {
  const pairs = dict.matchAll(/'([\w -]{1,40})':\s{0,4}(?:'([^'\n]*)'|"([^"\n]*)"|(-?\d{1,15}(?:\.\d{1,15})?))/g);
  return Object.fromEntries(
    [...pairs].map(([, key = "", single, double, number]) => [key, single ?? double ?? number]),
  );
}

function answerOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const found = Object.entries(value).filter(([key]) => KEYS.test(key));
  const [, answer] = found.at(-1) ?? [];
  const one: unknown = Array.isArray(answer) && answer.length === 1 ? answer[0] : answer;
  return typeof one === "string" || typeof one === "number" ? String(one) : answerOf(one);
}
