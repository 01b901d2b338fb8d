import { wordsOf } from "../core/words.ts";
import type { Task } from "../data/task.ts";

/** A label said after one of these is denied, not given. */
const DENIED = new Set([
  "not",
  "no",
  "isn",
  "t",
  "never",
  "unlike",
  "than",
  "without",
  "neither",
  "nor",
  "非",
  "不",
  "是",
]);

/** Labels or grades that a text gives, lower case, in order; of two that overlap (comedy, dark comedy) the longer. */
export function labelsIn(text: string, task: Pick<Task, "kind" | "labels">): string[] {
  return task.kind === "ordinal" ? gradesIn(text, task.labels) : wordLabels(text, task.labels);
}

function wordLabels(text: string, labels: readonly string[]): string[] {
  const words = wordsOf(text);
  const sought = labels.map((label) => ({ label: label.toLowerCase(), words: wordsOf(label) }));
  const found: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const here = sought
      .filter((one) => one.words.length > 0 && one.words.every((word, i) => words[at + i] === word))
      .sort((a, b) => b.words.length - a.words.length)[0];
    if (here === undefined) continue;
    if (!denied(words, at)) found.push(here.label);
    at += here.words.length - 1;
  }
  return found;
}

/** `not a comedy`, `rather than comedy`, `不是喜剧`. */
function denied(words: readonly string[], at: number): boolean {
  const before = words.slice(Math.max(0, at - 2), at).filter((word) => !["a", "an", "the", "of"].includes(word));
  const last = before.at(-1) ?? "";
  return last === "是"
    ? before.at(-2) === "不"
    : DENIED.has(last) && last !== "t"
      ? true
      : before.join(" ") === "isn t";
}

const WORDS: Readonly<Record<string, string>> = { one: "1", two: "2", three: "3", four: "4", five: "5" };

/** What says that a number is a grade: `4/5`, `4 out of 5`, `4 stars`, `score: 4`, `rated it 4`, `→ 4`, `got a 4`. */
const GRADE =
  /(\d{1,9}(?:\.0)?)\s{0,4}(?:\/|out of|of)\s{0,4}\d{1,9}|(\d{1,9}(?:\.0)?|one|two|three|four|five)[\s-]{0,4}(?:stars?\b|★|分|星)|(?:\b(?:scored?|scores|rated?|rates|ratings?|gave|given|gives|grade[ds]?|stars?)\b(?:\s{1,4}(?:it|is|was|of|a|an|as|at|them|with)){0,5}|评分|打分|[→=:：])\s{0,4}[:：=]?\s{0,4}["“]?(\d{1,9}(?:\.0)?)(?![\d.]{0,12}\s{0,4}(?:\/|out of))|\b(?:got|gets|received?|receives)\s{1,4}an?\s{1,4}(\d{1,9}(?:\.0)?)(?=\s{0,4}(?:[.,;!?)]|$|from\b|for\b|and\b|while\b))/giu;

function gradesIn(text: string, labels: readonly string[]): string[] {
  return [...text.matchAll(GRADE)].flatMap((match) => {
    const said = (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "").toLowerCase();
    const grade = (WORDS[said] ?? said).replace(/\.0$/, "");
    return labels.includes(grade) ? [grade] : [];
  });
}
