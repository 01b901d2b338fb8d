import type { Task } from "../data/task.ts";
import type { Question } from "../data/types.ts";
import { type Cut, fitPrompt } from "./budget.ts";
import type { Message } from "./chat.ts";
import type { Renderer } from "./renderer.ts";

/** Places of soft tokens in a prompt, by their rows: −1 stands for the first. */
export const SOFT_PLACES: readonly number[] = [-1, -2];

export interface SoftRequest {
  readonly task: Task;
  readonly example: Question;
  readonly renderer: Renderer;
  /** The soft tokens included. */
  readonly maxTokens: number;
}

/** The chat prompt of a query without any item, asked to answer at once, with two soft tokens in front of the question. */
export function softPrompt({ task, example, renderer, maxTokens }: SoftRequest): {
  tokens: number[];
  cut: readonly Cut[];
} {
  const { messages, tokens, cut } = fitPrompt({
    ...{ task, example, items: [], style: { reasoning: false, tags: [] }, renderer },
    maxTokens: maxTokens - SOFT_PLACES.length,
  });
  const at = startOfQuestion(messages, tokens, renderer);
  return { tokens: [...tokens.slice(0, at), ...SOFT_PLACES, ...tokens.slice(at)], cut };
}

/** Where the last turn's text begins: up to there the prompt has the tokens that it has with any other text. */
function startOfQuestion(messages: readonly Message[], tokens: readonly number[], renderer: Renderer): number {
  const shared = ["0", "x"].map((other) => {
    const asked = messages.map((one, i) => (i === messages.length - 1 ? { ...one, content: other } : one));
    const probe = renderer.promptTokens(asked, { thinking: false });
    const first = tokens.findIndex((token, i) => token !== probe[i]);
    return first < 0 ? tokens.length : first;
  });
  return Math.min(...shared);
}
