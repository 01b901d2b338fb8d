import { STOP_WORDS, wordsOf } from "../../core/words.ts";
import { labelField } from "../../data/item-label.ts";
import type { Task } from "../../data/task.ts";
import { bm25Scores } from "../../retrieval/bm25.ts";
import { corpusText, queryText } from "../../retrieval/text.ts";
import type { Asked } from "../types.ts";
import { quotation } from "./quote.ts";

/** One shown item, as a rule sees it. */
export interface Seen {
  /** As the prompt counts, from 1. */
  readonly number: number;
  /** What the user did there: the field that the task marks as their own choice, else all of its text. Never empty. */
  readonly choice: string;
  /** Words of what it is about, as a quotation: its first other text, of a text without one the choice itself. */
  readonly about: string;
  /** BM25 of it for the query's telling words; of so few items it may be 0 or less where they share some. */
  readonly score: number;
  /** Telling words that it shares with the query, in the query's order. */
  readonly shared: readonly string[];
}

export interface Evidence {
  readonly task: Task;
  /** The query's own text, without the task's words. */
  readonly query: string;
  /** Its beginning, as a quotation; empty where none can be given. */
  readonly asked: string;
  /** In the order of the prompt. */
  readonly items: readonly Seen[];
  /** Those that share a telling word with the query, the most like it first; of equals the newer one first. */
  readonly similar: readonly Seen[];
}

/** Words of a quotation of an item, and of the query. */
const ABOUT_WORDS = 6;
const ASKED_WORDS = 16;

/** What a rule may look at: the shown items and the query, nothing else. */
export function evidenceOf(task: Task, asked: Pick<Asked, "shown" | "input">): Evidence {
  const query = queryText(task, asked);
  const label = labelField(task);
  const texts = asked.shown.map((item) => {
    const rest = task.itemFields.filter(({ name }) => name !== label).flatMap(({ name }) => item.fields[name] ?? []);
    const choice = label === undefined ? corpusText(task, item) : (item.fields[label] ?? "");
    return { choice: choice.trim(), rest: rest.filter((text) => text.trim() !== "") };
  });
  const docs = texts.map(({ rest, choice }) => wordsOf(rest.join("\n") || choice));
  const telling = tellingWords(query, docs);
  const scores = bm25Scores(
    docs.map((words) => words.join(" ")),
    telling.join(" "),
  );
  const items = texts.flatMap(({ choice, rest }, i): Seen[] => {
    const own = new Set(docs[i]);
    const shared = telling.filter((word) => own.has(word));
    const score = scores[i] ?? 0;
    const about = quotation(rest[0] ?? choice, ABOUT_WORDS);
    return choice === "" ? [] : [{ number: i + 1, choice, about, score, shared }];
  });
  const similar = items
    .filter(({ shared }) => shared.length > 0)
    .toSorted((a, b) => b.score - a.score || b.shared.length - a.shared.length || b.number - a.number);
  return { task, query, asked: quotation(query, ASKED_WORDS, asked.input), items, similar };
}

/** Distinct words of the query that tell items apart: no stop words or numbers, none that stands in every item. */
function tellingWords(query: string, docs: readonly (readonly string[])[]): string[] {
  const sets = docs.map((words) => new Set(words));
  const everywhere = (word: string): boolean => sets.length > 1 && sets.every((words) => words.has(word));
  return [...new Set(wordsOf(query))].filter((word) => /\p{L}/u.test(word) && !isCommon(word) && !everywhere(word));
}

/** Words that stand in any text. */
export const isCommon = (word: string): boolean => STOP_WORDS.has(word) || (word.length < 2 && /[a-z]/.test(word));
