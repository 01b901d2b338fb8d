import { baseLanguage } from "../../data/language.ts";
import type { Task } from "../../data/task.ts";

/**
 * What a rule says, in a task's language: Chinese, else English, as the prompts do. Every sentence that cites an item
 * gives that item's own choice and no other before it ends, so that truth can be checked sentence by sentence.
 */
export interface Sayings {
  readonly asked: (quote: string) => string;
  readonly alike: (item: number, words: readonly string[]) => string;
  readonly chose: (item: number, choice: string, quote: string) => string;
  readonly newest: (item: number, choice: string, quote: string) => string;
  /** Several items with one choice. */
  readonly same: (items: readonly number[], choice: string) => string;
  readonly most: (choice: string, count: number, of: number) => string;
  readonly average: (scores: readonly string[], mean: string, nearest: string) => string;
  readonly named: (choice: string) => string;
  readonly wrote: (item: number, quote: string) => string;
  readonly lengths: (counts: readonly number[], usual: number) => string;
  readonly forms: (forms: readonly Form[]) => string;
  readonly reads: (quote: string) => string;
  readonly shaped: (answer: string) => string;
  readonly answer: (choice: string) => string;
}

/** A habit of form that most of a user's own texts show. */
export type Form = "title case" | "sentence case" | "colon" | "question" | "exclamation" | "number" | "full stop";

const list = (numbers: readonly number[]): string =>
  numbers.length < 2 ? `${numbers[0]}` : `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;

/** A quotation behind what it is of; nothing where none can be given. */
const cited = (quote: string): string => (quote === "" ? "" : `: "${quote}"`);
const quoted = (quote: string): string => (quote === "" ? "" : `：「${quote}」`);

const FORMS: Readonly<Record<Form, readonly [string, string]>> = {
  "title case": ["a capital on most words", "多数单词首字母大写"],
  "sentence case": ["a capital on the first word", "只有句首字母大写"],
  colon: ["a colon", "有冒号"],
  question: ["a question mark", "有问号"],
  exclamation: ["an exclamation mark", "有感叹号"],
  number: ["a number", "有数字"],
  "full stop": ["a full stop at the end", "以句号结尾"],
};

const ENGLISH: Sayings = {
  asked: (quote) => `The query reads "${quote}".`,
  alike: (item, words) => `The words ${words.join(", ")} stand in item ${item} too.`,
  chose: (item, choice, quote) => `In item ${item} the user chose ${choice}${cited(quote)}.`,
  newest: (item, choice, quote) => `The newest is item ${item}, where the user chose ${choice}${cited(quote)}.`,
  same: (items, choice) =>
    `${items.length > 1 ? "Items" : "Item"} ${list(items)} ${items.length > 1 ? "are" : "is"} ${choice}.`,
  most: (choice, count, of) => `Of ${of} choices ${count} are ${choice}, the most.`,
  average: (scores, mean, nearest) => `The average of ${scores.join(", ")} is ${mean}, and ${nearest} is nearest.`,
  named: (choice) => `The query itself says ${choice}.`,
  wrote: (item, quote) => `In item ${item} the user wrote "${quote}".`,
  lengths: (counts, usual) => `The user's own have ${counts.join(", ")} words, ${usual} in the middle.`,
  forms: (forms) => `Most of them have ${forms.map((form) => FORMS[form][0]).join(" and ")}.`,
  reads: (quote) => `What matters in the query is "${quote}".`,
  shaped: (answer) => `In the user's own form: ${answer}`,
  answer: (choice) => `So the answer is ${choice}.`,
};

/** The same of a grade: said so that a reader can tell a grade from any other number. */
const ENGLISH_GRADES: Pick<Sayings, "chose" | "newest" | "same" | "most" | "answer"> = {
  chose: (item, grade, quote) => `In item ${item} the score is ${grade}${cited(quote)}.`,
  newest: (item, grade, quote) => `The newest is item ${item}, and its score is ${grade}${cited(quote)}.`,
  same: (items, grade) =>
    `${items.length > 1 ? "Items" : "Item"} ${list(items)} ${items.length > 1 ? "have" : "has"} the score ${grade}.`,
  most: (grade, count, of) => `Of ${of} scores ${count} are ${grade}, the most.`,
  answer: (grade) => `So the score is ${grade}.`,
};

const items = (numbers: readonly number[]): string => numbers.map((n) => `第${n}条`).join("、");

const CHINESE: Sayings = {
  asked: (quote) => `问题是「${quote}」。`,
  alike: (item, words) => `${words.join("、")}：第${item}条里也有。`,
  chose: (item, choice, quote) => `第${item}条里用户选了${choice}${quoted(quote)}。`,
  newest: (item, choice, quote) => `最新的是第${item}条，用户选了${choice}${quoted(quote)}。`,
  same: (numbers, choice) => `${items(numbers)}${numbers.length > 1 ? "都" : ""}是${choice}。`,
  most: (choice, count, of) => `${of}次选择中有${count}次是${choice}，最多。`,
  average: (scores, mean, nearest) => `${scores.join("、")}的平均是${mean}，最接近${nearest}。`,
  named: (choice) => `问题里就有${choice}。`,
  wrote: (item, quote) => `第${item}条里用户写的是「${quote}」。`,
  lengths: (counts, usual) => `用户自己的各有${counts.join("、")}字，居中的是${usual}字。`,
  forms: (forms) => `多数${forms.map((form) => FORMS[form][1]).join("、")}。`,
  reads: (quote) => `问题的重点是「${quote}」。`,
  shaped: (answer) => `按用户的写法：${answer}`,
  answer: (choice) => `所以答案是${choice}。`,
};

const CHINESE_GRADES: Pick<Sayings, "chose" | "newest" | "same" | "most" | "answer"> = {
  chose: (item, grade, quote) => `第${item}条的评分：${grade}${quoted(quote)}。`,
  newest: (item, grade, quote) => `最新的是第${item}条，评分：${grade}${quoted(quote)}。`,
  same: (numbers, grade) => `${items(numbers)}的评分：${grade}。`,
  most: (grade, count, of) => `${of}个评分中有${count}个是${grade}，最多。`,
  answer: (grade) => `所以评分是${grade}。`,
};

export function sayingsFor({ kind, language }: Pick<Task, "kind" | "language">): Sayings {
  const chinese = baseLanguage(language) === "zh";
  const grades = chinese ? CHINESE_GRADES : ENGLISH_GRADES;
  return { ...(chinese ? CHINESE : ENGLISH), ...(kind === "ordinal" ? grades : {}) };
}
