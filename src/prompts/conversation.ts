import { type Cut, type FitRequest, type FittedPrompt, fitPrompt, tokenized, wholePrompt } from "./budget.ts";
import type { Message } from "./chat.ts";

/**
 * {@link fitPrompt} of a query that comes in a conversation: what was said before stands between the system prompt and the query
 * with its items. Where that is too long the oldest turns go first, and only then is anything taken from the items.
 * `turnsCut` says which: `turn 1` is the conversation's first.
 */
export function fitConversation(
  request: Omit<FitRequest, "before">,
  turns: readonly Message[],
): FittedPrompt & { readonly turnsCut: readonly Cut[] } {
  const { renderer, maxCharacters = Number.POSITIVE_INFINITY } = request;
  // Counting what is left out costs no more than one prompt.
  const counting = { renderer, maxCharacters: Math.ceil(maxCharacters / turns.length) };
  const left = (n: number): Cut[] =>
    turns.slice(0, n).map(({ content }, i) => {
      const { count: from } = tokenized(counting, content);
      return { item: `turn ${i + 1}`, field: null, from, to: 0 };
    });
  for (let gone = 0; gone < turns.length; gone++) {
    // A template may refuse a conversation that does not begin with the user's turn.
    if (turns[gone]?.role === "assistant") continue;
    const whole = wholePrompt({ ...request, before: turns.slice(gone) });
    if (whole !== null) return { ...whole, turnsCut: left(gone) };
  }
  return { ...fitPrompt(request), turnsCut: left(turns.length) };
}
