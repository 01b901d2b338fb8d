import { wordsOf } from "../../core/words.ts";
import { plain, withoutLastMarks } from "./quote.ts";
import type { Form } from "./words.ts";

/** How a user's own texts look. */
export interface Habits {
  /** Words of each, oldest first, and the middle one of them. */
  readonly counts: readonly number[];
  readonly usual: number;
  /** What more than half of them have. */
  readonly forms: readonly Form[];
}

const CASED = /^\P{L}*(\p{Lu}|\p{Ll})/u;
const SMALL = new Set(
  "a an and as at but by for from if in into is nor of off on onto or per so than that the to up via vs with".split(
    " ",
  ),
);

const HAS: Readonly<Record<Form, (text: string) => boolean>> = {
  "title case": (text) => capitals(text) > 0.6,
  "sentence case": (text) => /^\P{L}*\p{Lu}/u.test(text) && capitals(text) <= 0.6,
  colon: (text) => /[:：]/.test(text),
  question: (text) => /[?？]\s*$/.test(text),
  exclamation: (text) => /[!！]\s*$/.test(text),
  number: (text) => /\p{N}/u.test(text),
  "full stop": (text) => /[.。]\s*$/.test(text),
};

/** Share of a text's longer words, the first aside, that begin with a capital; 0 in scripts without. */
function capitals(text: string): number {
  const words = plain(text)
    .split(" ")
    .slice(1)
    .filter((word) => CASED.test(word) && !SMALL.has(word.toLowerCase()));
  return words.length === 0 ? 0 : words.filter((word) => /^\P{L}*\p{Lu}/u.test(word)).length / words.length;
}

export function habitsOf(texts: readonly string[]): Habits {
  const counts = texts.map((text) => wordsOf(text).length);
  const usual = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
  const forms = (Object.keys(HAS) as Form[]).filter(
    (form) => texts.filter((text) => HAS[form](text)).length * 2 > texts.length,
  );
  return { counts, usual, forms };
}

/** A phrase in that form: capitals, and the mark at its end. Words stay as they are. */
export function inForm(phrase: string, forms: readonly Form[]): string {
  const body = withoutLastMarks(plain(phrase));
  const words = body.split(" ");
  const cased = words.map((word, i) =>
    forms.includes("title case") && (i === 0 || !SMALL.has(word))
      ? upper(word)
      : i === 0 && forms.includes("sentence case")
        ? upper(word)
        : word,
  );
  return cased.join(" ") + endOf(body, forms);
}

const upper = (word: string): string =>
  word.replace(/^(\P{L}*)(\p{Ll})/u, (_, before: string, letter: string) => before + letter.toUpperCase());

function endOf(body: string, forms: readonly Form[]): string {
  const wide = /\p{Script=Han}$/u.test(body);
  if (forms.includes("question")) return wide ? "？" : "?";
  if (forms.includes("exclamation")) return wide ? "！" : "!";
  return forms.includes("full stop") ? (wide ? "。" : ".") : "";
}
