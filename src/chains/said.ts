import { wordsOf } from "../core/words.ts";
import type { Task } from "../data/task.ts";
import { splitPieces } from "./pieces.ts";
import type { Asked, Candidate } from "./types.ts";

/** One thing that a text says of the shown items, as far as anyone can check it. */
export interface Said {
  /** Labels or grades that it gives, lower case. */
  readonly names: readonly string[];
  /** Null when it holds; else what is wrong with it. */
  readonly fault: string | null;
}

/** Finds what a text says of the shown items, and checks it (`statements` of the rewards, which stand above the chains). */
export type CheckSaid = (text: string, task: Task, example: Pick<Asked, "shown" | "input">) => readonly Said[];

/** Parts of a chain: the steps of a teacher that tagged its own, else lines and sentences. */
export const partsOf = ({ steps, reasoning, task }: Pick<Candidate, "steps" | "reasoning" | "task">): string[] =>
  steps?.map(({ text }) => text) ?? splitPieces(reasoning, task.language).map(({ text }) => text);

/** Whether words stand in a text one after the other, whatever the letter case and punctuation. */
export const saysWhole = (text: string, words: string): boolean =>
  ` ${wordsOf(text).join(" ")} `.includes(` ${wordsOf(words).join(" ")} `);

/** Whether a text says an answer: a label or grade word for word, of a free text half of its words. */
export function saysAnswer(text: string, { task, answer }: Pick<Candidate, "task" | "answer">): boolean {
  if (task.kind !== "generation") return saysWhole(text, answer);
  const [said, wanted] = [wordsOf(text), wordsOf(answer)];
  return wanted.filter((word) => said.includes(word)).length * 2 >= wanted.length;
}
