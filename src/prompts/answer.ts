import { asciiDigits } from "../core/python.ts";
import type { Task } from "../data/task.ts";
import { candidates, freeAnswer } from "./said.ts";

/**
 * An answer text (what follows the chain) as this task's answer.
 *
 * `strict`, for rewards; null when unreadable:
 * - classification: after trimming, exactly one of the labels, both in Unicode's NFC;
 * - ordinal: after trimming, a number that equals a grade (`4`, `4.0`), given as the grade is written;
 * - generation: the trimmed text, unless it is empty.
 *
 * `lenient`, reported beside it; null when nothing is found. Markup, Markdown marks, code fences and wrapping quotes are
 * taken off; what is marked as the answer (`\boxed{…}`, JSON's `answer`, the words after the last `Answer:`, `Answer -` or
 * its like in some twenty languages) is looked at before the whole. Then
 * - classification: the label it equals in NFKC, letter case and closing punctuation aside; else the label mentioned
 *   first as whole words (longer labels win at the same place: `dark comedy` is no `comedy`); a label in brackets may
 *   come bare;
 * - ordinal: the first number that equals a grade and is no part of another number, of a scale (`1 to 5`) or of a
 *   fraction with another top (`3/10`), nor the number of a list's line; stars are counted (`★★★☆☆`), and a grade may be
 *   spelt out at the beginning (`four stars`);
 * - generation: the text left.
 */
export function readAnswer(task: Task, text: string, reading: "strict" | "lenient"): string | null {
  return (reading === "strict" ? READ_STRICT : READ_LENIENT)[task.kind](task, text.trim());
}

type Reader = (task: Task, text: string) => string | null;

const nonEmpty = (text: string): string | null => (text === "" ? null : text);

const READ_STRICT: Readonly<Record<Task["kind"], Reader>> = {
  classification: ({ labels }, text) => labels.find((label) => sameText(label, text)) ?? null,
  ordinal: (task, text) => (/^-?\d+(\.\d+)?$/.test(text) ? grade(task, Number(text)) : null),
  generation: (_, text) => nonEmpty(text),
};

const READ_LENIENT: Readonly<Record<Task["kind"], Reader>> = {
  classification: ({ labels }, text) => {
    const said = candidates(text).map(folded);
    return first(said, (one) => equalLabel(labels, one)) ?? first(said, (one) => firstLabel(labels, one));
  },
  ordinal: (task, text) => first(candidates(text), (one) => first(numbersOf(task, one), (value) => grade(task, value))),
  generation: (_, text) => nonEmpty(freeAnswer(text)),
};

/** The number that an ordinal answer names: a grade, else the first one within the scale (`4.5 stars`); null without. */
export function readNumber(task: Task, text: string): number | null {
  const grades = task.labels.map(Number);
  const [low, high] = [Math.min(...grades), Math.max(...grades)];
  const within = (value: number): number | null => (value >= low && value <= high ? value : null);
  return first(candidates(text), (one) => first(numbersOf(task, one), within));
}

function first<A, B>(list: readonly A[], of: (one: A) => B | null): B | null {
  for (const one of list) {
    const found = of(one);
    if (found !== null) return found;
  }
  return null;
}

/** Equal but for the way in which Unicode composes the same characters (NFC). */
export const sameText = (a: string, b: string): boolean => a === b || a.normalize("NFC") === b.normalize("NFC");

function grade(task: Task, value: number): string | null {
  return task.labels.find((label) => Number(label) === value) ?? null;
}

const NUMBER = /(?<![\d.,])(?:(?<![\p{L}\d][-−]?)[-−])?\d{1,15}(?:[.,]\d{1,15})?(?![\d]|[.,]\d)/gu;

/** Numbers in a text, digits of any script; those that name the scale itself left out. */
function numbersOf(task: Task, text: string): number[] {
  const [low, high] = [task.labels[0] ?? "", task.labels.at(-1) ?? ""];
  const plain = asciiDigits(inDigits(text).normalize("NFKC"));
  const found = [...plain.matchAll(NUMBER)];
  const values: number[] = [];
  for (let i = 0; i < found.length; i++) {
    const [one, next] = [found[i], found[i + 1]];
    if (one === undefined) continue;
    const between = next === undefined ? "" : plain.slice(one.index + one[0].length, next.index);
    const over = /^\s{0,3}(?:\/|out of|of)\s{0,3}$/iu.test(between);
    const isScale =
      one[0] === low && next?.[0] === high && /^\s{0,3}(?:[-–—~]|to|through|and|到|至)\s{0,3}$/iu.test(between);
    const otherTop = over && next !== undefined && next[0] !== high;
    if (isScale || over) i++;
    if (!isScale && !otherTop) values.push(toNumber(one[0]));
  }
  return values;
}

const WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const HAN = "零一二三四五六七八九十";
const SPELT = new RegExp(
  `^(?:${WORDS.join("|")}|[${HAN}])(?=[.!。]?$|[\\s-](?:stars?|points?|out of)\\b|[星分颗])`,
  "iu",
);

/** `4½`, `★★★★☆`, a grade spelt out at the beginning (`four stars`, `四星`), in digits; the numbers of a list left out. */
function inDigits(text: string): string {
  const listed = /^1[.)]\s{1,4}\S/mu.test(text) && /^2[.)]\s{1,4}\S/mu.test(text);
  return (listed ? text.replace(/^\d{1,2}[.)]\s{1,4}(?=\S)/gmu, "") : text)
    .replace(/(\d)\s?½/gu, "$1.5")
    .replace(/(?:[★⭐🌟]\ufe0f?){2,10}(?!\s?\d)|★(?=☆)/gu, (stars) => ` ${stars.match(/[★⭐🌟]/gu)?.length ?? 0} `)
    .replace(SPELT, (word) => String(Math.max(WORDS.indexOf(word.toLowerCase()), HAN.indexOf(word))));
}

/** A comma parts thousands before three digits (`1,000`), else it is a decimal one. */
const toNumber = (text: string): number =>
  Number(
    text
      .replace("−", "-")
      .replace(/,(?=\d{3}$)/u, "")
      .replace(",", "."),
  );

/** One form for texts that say the same: NFKC; letter case, kinds of hyphens and Greek accents (capitals have none) aside. */
const folded = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/(?<=\p{Script=Greek})\u0301/gu, "")
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[‐‑‒–—−]/g, "-");

const CLOSING = new Set([".", "!", "。", "！", ",", ";", ":", "?", "？", "、", "…"]);

/** Without punctuation and white space at the end. */
function withoutClosing(text: string): string {
  let end = text.length;
  while (end > 0 && (CLOSING.has(text[end - 1] ?? "") || (text[end - 1] ?? "").trim() === "")) end--;
  return text.slice(0, end);
}

function equalLabel(labels: readonly string[], text: string): string | null {
  const plain = withoutClosing(text);
  return labels.find((label) => withoutClosing(folded(label)) === plain) ?? null;
}

function firstLabel(labels: readonly string[], text: string): string | null {
  const spelt = labels.map(folded);
  return (
    firstMention(labels, spelt, text) ??
    firstMention(labels, spelt.map(withoutBrackets), text) ??
    firstMention(labels, spelt.map(spaced), spaced(text))
  );
}

/** `Sci Fi` and `dark_comedy` say `sci-fi` and `dark comedy`. */
const spaced = (text: string): string => text.replace(/[-_\s]/g, " ");

const withoutBrackets = (label: string): string => label.replace(/^\[(.*)\]$/, "$1");

/** The label whose spelling is mentioned first as whole words; at one place the longest wins. */
function firstMention(labels: readonly string[], spellings: readonly string[], text: string): string | null {
  let best: { label: string; at: number; length: number } | null = null;
  for (const [i, label] of labels.entries()) {
    const spelling = spellings[i] ?? label;
    const at = spelling === "" ? -1 : wordIndex(text, spelling);
    if (at < 0) continue;
    if (best === null || at < best.at || (at === best.at && spelling.length > best.length))
      best = { label, at, length: spelling.length };
  }
  return best?.label ?? null;
}

/** Scripts that part no words by white space have no word borders to respect. */
const BORDERED =
  /(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])[\p{L}\p{M}\p{N}]/u;
/** Korean particles follow a word without white space. */
const HANGUL = /\p{Script=Hangul}/u;

/** First place of `words` in `text` that is not inside a longer word. */
function wordIndex(text: string, words: string): number {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const [before, after] = [text[at - 1] ?? "", text[at + words.length] ?? ""];
    const [head, tail] = [words[0] ?? "", words.at(-1) ?? ""];
    const cutBefore = BORDERED.test(before) && BORDERED.test(head);
    const cutAfter = BORDERED.test(after) && BORDERED.test(tail) && !HANGUL.test(tail);
    if (!cutBefore && !cutAfter) return at;
  }
  return -1;
}
