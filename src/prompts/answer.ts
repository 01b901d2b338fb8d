import type { Task } from "../data/task.ts";
import { MARKUP } from "./chain.ts";

/**
 * An answer text (what follows the chain) as this task's answer.
 *
 * `strict`, for rewards; null when unreadable:
 * - classification: after trimming, exactly one of the labels;
 * - ordinal: after trimming, a number that equals a grade (`4`, `4.0`), given as the grade is written;
 * - generation: the trimmed text, unless it is empty.
 *
 * `lenient`, reported beside it; null when nothing is found. Markup, Markdown marks and wrapping quotes are taken off,
 * and one lead-in such as `Answer:` or `Headline:`. Then
 * - classification: the label it equals, letter case and closing punctuation aside; else the label mentioned first as
 *   whole words (longer labels win at the same place: `dark comedy` is no `comedy`); a label in brackets may come bare;
 * - ordinal: the first number that equals a grade and is no part of another number;
 * - generation: the text left.
 */
export function readAnswer(task: Task, text: string, reading: "strict" | "lenient"): string | null {
  const trimmed = text.trim();
  if (reading === "strict") return READ_STRICT[task.kind](task, trimmed);
  return READ_LENIENT[task.kind](task, unwrap(trimmed));
}

type Reader = (task: Task, text: string) => string | null;

const READ_STRICT: Readonly<Record<Task["kind"], Reader>> = {
  classification: (task, text) => (task.labels.includes(text) ? text : null),
  ordinal: (task, text) => (/^-?\d+(\.\d+)?$/.test(text) ? grade(task, Number(text)) : null),
  generation: (_, text) => (text === "" ? null : text),
};

const READ_LENIENT: Readonly<Record<Task["kind"], Reader>> = {
  classification: (task, text) => equalLabel(task.labels, text) ?? firstLabel(task.labels, text),
  ordinal: (task, text) => {
    for (const match of text.matchAll(/(?<![\d.,])(?:(?<![\p{L}\d][-−]?)[-−])?\d+(?:\.\d+)?(?![\d]|[.,]\d)/gu)) {
      const found = grade(task, Number(match[0].replace("−", "-")));
      if (found !== null) return found;
    }
    return null;
  },
  generation: (_, text) => (text === "" ? null : text),
};

function grade(task: Task, value: number): string | null {
  return task.labels.find((label) => Number(label) === value) ?? null;
}

function equalLabel(labels: readonly string[], text: string): string | null {
  const plain = (s: string) => s.toLowerCase().replace(/[.!。！,;:\s]+$/u, "");
  return labels.find((label) => plain(label) === plain(text)) ?? null;
}

function firstLabel(labels: readonly string[], text: string): string | null {
  return firstMention(labels, labels, text) ?? firstMention(labels, labels.map(withoutBrackets), text);
}

const withoutBrackets = (label: string): string => label.replace(/^\[(.*)\]$/, "$1");

/** The label whose spelling is mentioned first as whole words; at one place the longest wins. */
function firstMention(labels: readonly string[], spellings: readonly string[], text: string): string | null {
  let best: { label: string; at: number; length: number } | null = null;
  for (const [i, label] of labels.entries()) {
    const spelling = spellings[i] ?? label;
    const at = wordIndex(text.toLowerCase(), spelling.toLowerCase());
    if (at < 0) continue;
    if (best === null || at < best.at || (at === best.at && spelling.length > best.length))
      best = { label, at, length: spelling.length };
  }
  return best?.label ?? null;
}

/** First place of `words` in `text` that is not inside a longer word (Chinese has no word borders to respect). */
function wordIndex(text: string, words: string): number {
  const inWord = /[\p{Script=Latin}\p{N}]/u;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const [before, after] = [text[at - 1] ?? "", text[at + words.length] ?? ""];
    const [first, last] = [words[0] ?? "", words.at(-1) ?? ""];
    const cut = (inWord.test(before) && inWord.test(first)) || (inWord.test(last) && inWord.test(after));
    if (!cut) return at;
  }
  return -1;
}

const LEAD_IN =
  /^(?:the\s+)?(?:final\s+)?(?:answer|title|headline|tag|label|category|score|rating|tweet|paraphrase[d]?(?:\s+tweet)?|答案|标题|评分|正文|内容)(?:\s+is)?\s*[:：]\s*/iu;
const QUOTES = [
  ['"', '"'],
  ["'", "'"],
  ["“", "”"],
  ["‘", "’"],
  ["「", "」"],
  ["《", "》"],
  ["**", "**"],
  ["*", "*"],
  ["`", "`"],
] as const;

function unwrap(text: string): string {
  const bare = stripQuotes(text.replace(MARKUP, " ").trim());
  return stripQuotes(bare.replace(LEAD_IN, "").trim());
}

/** Takes off wrapping quotes and Markdown marks, unless the same mark stands inside too (`"A" or "B"`). */
function stripQuotes(text: string): string {
  for (const [open, close] of QUOTES) {
    const inner = text.slice(open.length, text.length - close.length);
    const wrapped = text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close);
    if (wrapped && !inner.includes(open) && !inner.includes(close)) return stripQuotes(inner.trim());
  }
  return text;
}
