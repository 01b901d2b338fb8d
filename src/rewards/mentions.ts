import { STOP_WORDS, segmentsOf } from "../core/words.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { MARKUP } from "../prompts/chain.ts";
import { statements } from "./grounding.ts";

/**
 * How much a response says of the history, for a rule that looks at nothing else: citations and quotations, and distinct
 * words that stand in a shown item and not in the query. Words that stand in any text (with, this, 的) don't count: they
 * are in every chain, whatever it was written from.
 */
export function mentions(response: string, task: Task, example: Pick<ShownExample, "shown" | "input">): number {
  const chain = response.slice(0, Math.max(0, response.lastIndexOf("</think>")));
  const said = tellingWords(chain.replace(MARKUP, " "));
  const asked = tellingWords(example.input);
  const items = new Set(
    example.shown.flatMap((item) => Object.values(item.fields).flatMap((f) => [...tellingWords(f)])),
  );
  return (
    statements(chain, task, example).length + [...items].filter((word) => !asked.has(word) && said.has(word)).length
  );
}

/** Distinct words that tell texts apart: of four letters or more, Chinese ones of two characters or more; no stop words. */
function tellingWords(text: string): Set<string> {
  const least = (word: string): number => (/\p{Script=Han}/u.test(word) ? 2 : 4);
  return new Set(segmentsOf(text).filter((word) => word.length >= least(word) && !STOP_WORDS.has(word)));
}
