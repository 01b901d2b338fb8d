import { wordsOf } from "../../core/words.ts";
import type { Task } from "../../data/task.ts";
import type { Asked, Candidate } from "../types.ts";

export function ngrams(words: readonly string[], n: number): string[] {
  return words.slice(0, Math.max(words.length - n + 1, 0)).map((_, i) => words.slice(i, i + n).join(" "));
}

/** What a chain can be seen to point at. */
export interface Scene {
  /** Whether a text mentions the history: an item's number, three words of an item in a row, or its label. */
  mentionsHistory(text: string): boolean;
  /** Whether a text repeats three words of an item in a row that the query does not hold. */
  repeatsItem(text: string): boolean;
  /** Whether a text shares a word of some weight with the query. */
  mentionsQuery(text: string): boolean;
}

/** Reads the shown items and the query of a candidate once. */
export function sceneOf({ task, example }: Pick<Candidate, "task" | "example">): Scene {
  const items = example.shown.flatMap(({ fields }) => Object.values(fields));
  const runs = new Set(items.flatMap((field) => ngrams(wordsOf(field), 3)));
  const asked = new Set(ngrams(wordsOf(example.input), 3));
  const labels = new Set(labelsShown(task, example));
  const weighty = new Set(
    wordsOf(example.input.slice(-600)).filter((word) => word.length > 3 || /\p{Script=Han}/u.test(word)),
  );
  return {
    mentionsHistory: (text) => {
      const words = wordsOf(text);
      return (
        /\[\d+\]|\b(item|example|movie|review|paper|article|tweet) #?\d+\b/i.test(text) ||
        ngrams(words, 3).some((run) => runs.has(run)) ||
        [...labels].some((label) => ` ${words.join(" ")} `.includes(` ${label} `))
      );
    },
    repeatsItem: (text) => ngrams(wordsOf(text), 3).some((run) => runs.has(run) && !asked.has(run)),
    mentionsQuery: (text) => wordsOf(text).some((word) => weighty.has(word)),
  };
}

function labelsShown(task: Task, example: Asked): string[] {
  if (task.kind !== "classification") return [];
  const names = task.itemFields.filter(({ label }) => label).map(({ name }) => name);
  return example.shown
    .flatMap(({ fields }) => names.map((name) => wordsOf(fields[name] ?? "").join(" ")))
    .filter(Boolean);
}
