import { wordsOf } from "../../core/words.ts";
import { saysWhole } from "../said.ts";

/** Runs of characters that end a quotation, a step or a line. */
const BREAKING = /["“”「」『』<>\p{Cc}\s]+/gu;
/** A word of a bordered script with its punctuation, or one character of one that has no spaces. */
const UNIT =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]\p{P}*|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])\S)+/gu;

/** Punctuation at the end; the lookbehind keeps it to linear time on any text. */
const LAST_MARKS = /(?<![\p{P}\s])[\p{P}\s]+$/u;

export const withoutLastMarks = (text: string): string => text.replace(LAST_MARKS, "");

/** A text on one line, without quotation marks and markup: what is quoted, whole. */
export const plain = (text: string): string => text.replace(BREAKING, " ").trim();

/** Its first words, so many at most, as they stand there; punctuation at the cut is left out. */
export function opening(text: string, most: number): string {
  const clean = plain(text);
  const units = [...clean.matchAll(UNIT)];
  const last = units[most - 1];
  if (units.length <= most || last === undefined) return clean;
  return withoutLastMarks(clean.slice(0, last.index + last[0].length));
}

/** Whether a quotation has words, and stands in a text word for word. */
export const stands = (quote: string, source: string): boolean => wordsOf(quote).length > 0 && saysWhole(source, quote);

/**
 * A text's first words, `most` or fewer, such that they stand in `source`; empty where not even one does (words of a text
 * that was joined of several, or that dictionaries part otherwise at the cut).
 */
export function quotation(text: string, most: number, source = text): string {
  for (let count = most; count > 0; count--) {
    const quote = opening(text, count);
    if (stands(quote, source)) return quote;
  }
  return "";
}
