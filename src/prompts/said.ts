import { MARKUP } from "./chain.ts";

/** Words that announce an answer. */
const NOUN =
  "answer|prediction|title|headline|tag|label|category|score|rating|grade|tweet|paraphrase|paraphrased tweet|choice|verdict|reference";
const HAN_NOUN = "答案|最终答案|标题|评分|标签|正文|内容";
const LEAD_IN = new RegExp(
  `^(?:the\\s{1,4})?(?:my\\s{1,4})?(?:final\\s{1,4})?(?:${NOUN}|${HAN_NOUN})(?:\\s{1,4}is)?\\s{0,4}[:：]`,
  "iu",
);
/** The same anywhere in a text, with a colon or with `is`. */
const LEADS = new RegExp(
  `\\b(?:${NOUN})(?:\\s{0,4}[:：]|\\s{1,4}(?:is|would be|should be)(?:\\s{0,4}[:：]|\\b))|(?:${HAN_NOUN})(?:是|为)?[:：]?`,
  "giu",
);
/** At the beginning of a later line: what an answer of free text is announced by. */
const LINE_LEADS = /^(?:the )?(?:final )?(?:answer|答案|最终答案)\s{0,4}[:：]/gimu;
const PREAMBLE = /^(?:sure|certainly|okay|ok|of course|here(?:'s|’s| is| are))\b[^\n]{0,200}:\s{0,4}\n/iu;
const WRAPPED = [
  ['"', '"'],
  ["'", "'"],
  ["“", "”"],
  ["‘", "’"],
  ["「", "」"],
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
function stripQuotes(text: string): string {
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
  text.replace(/\\(?:text|textbf|textit|mathrm|mathbf|texttt)\{([^{}]*)\}/gu, "$1");

const KEYS =
  /^(?:final_?)?(?:answer|prediction|output|label|tag|category|title|headline|rating|score|result|response|tweet)$/i;

/** The answer of a JSON object; null where the text is none or has no such key. */
function jsonAnswer(text: string): string | null {
  if (!text.startsWith("{") || !text.endsWith("}")) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const found = Object.entries(value as object).filter(([key]) => KEYS.test(key));
  const [, answer] = found.at(-1) ?? [];
  return typeof answer === "string" || typeof answer === "number" ? String(answer) : null;
}
