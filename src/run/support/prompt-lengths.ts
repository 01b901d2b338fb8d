import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import { chatMessages } from "../../prompts/chat.ts";
import type { Renderer } from "../../prompts/renderer.ts";

/** Queries whose prompts are looked at. */
const LOOKED_AT = 64;

/**
 * Tokens of the first queries' prompts for reasoning, items whole. The tags are not known before chains are made; their names
 * may take some tokens more.
 */
export function promptLengths(
  renderer: Renderer,
  tasks: readonly Task[],
  examples: readonly ShownExample[],
): readonly number[] {
  const style = { reasoning: true, tags: [] };
  return examples.slice(0, LOOKED_AT).flatMap((example) => {
    const task = tasks.find(({ name }) => name === example.task);
    return task === undefined
      ? []
      : renderer.promptTokens(chatMessages(task, example, example.shown, style), { thinking: true }).length;
  });
}

/** What is to be said where most prompts won't hold their items, and what would hold nine of ten; null where they do. */
export function tooLong(lengths: readonly number[], most: number): string | null {
  const over = lengths.filter((length) => length > most).length;
  if (over * 2 <= lengths.length) return null;
  const nine = lengths.toSorted((a, b) => a - b)[Math.floor(0.9 * lengths.length)] ?? 0;
  return `${over} of ${lengths.length} prompts are longer than prompt.max_tokens (${most}), so most items will be cut: ${64 * Math.ceil(nine / 64 + 0.5)} would hold nine of ten (and sft.max_tokens as much more), or show fewer items (profile.k), or whole ones up to a length (profile.characters).`;
}
