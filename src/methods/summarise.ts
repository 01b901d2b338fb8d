import { zipStrict } from "../core/zip.ts";
import type { ShownExample } from "../data/types.ts";
import type { Cost, Tools } from "../eval/types.ts";
import { fitPrompt } from "../prompts/budget.ts";
import { taskOf } from "./ask-each.ts";
import { summaryWords } from "./summary-words.ts";

/** Tokens of a summary at most, and never more than a quarter of the prompt that it is to stand in. */
export const MOST_TOKENS = 200;

/** What the base model says of a user. */
export interface Summary {
  /** One line; empty where there was nothing to sum up or nothing was said. */
  readonly text: string;
  /** Of the items that it was made of. */
  readonly of: readonly string[];
  readonly cost: Cost;
}

/**
 * A summary of each example's items by the base model, greedily and without thinking, all in one unit. What is kept by
 * content makes it once a user and task: queries with the same items share it. It never sees an item that its query is
 * not shown, so that a later answer of the user can't tell of an earlier one.
 */
export async function summarise(examples: readonly ShownExample[], tools: Tools): Promise<Summary[]> {
  const maxTokens = Math.min(MOST_TOKENS, Math.floor(tools.promptTokens / 4));
  const prompts = examples.map((example) => (example.shown.length === 0 ? null : promptOf(example, tools)));
  const asked = prompts.flatMap((prompt) => (prompt === null ? [] : [{ prompt: prompt.tokens, seed: 0, maxTokens }]));
  const drawn = asked.length === 0 ? [] : await tools.sample("base", asked);
  return zipStrict(examples, prompts).map(([{ shown }, prompt]) => {
    const [said] = prompt === null ? [] : (drawn.shift() ?? []);
    return {
      text: said === undefined ? "" : oneLine(said.text),
      of: said === undefined ? [] : shown.map(({ id }) => id),
      cost: {
        promptTokens: prompt?.tokens.length ?? 0,
        sampledTokens: said?.tokens ?? 0,
        responses: said === undefined ? 0 : 1,
      },
    };
  });
}

/** The history as every prompt shows it, and the task's own question about it in place of a query. */
function promptOf(example: ShownExample, tools: Tools) {
  const task = taskOf(tools, example);
  const { system, ask } = summaryWords(task);
  return fitPrompt({
    ...{ task, example: { ...example, input: ask }, items: example.shown, style: { reasoning: false, tags: [] } },
    ...{ around: { system }, renderer: tools.renderer, maxTokens: tools.promptTokens },
  });
}

/** A model that thought all the same is not quoted with its thoughts. */
const oneLine = (text: string): string =>
  (text.split("</think>").at(-1) ?? "").replaceAll("<think>", "").replace(/\s+/g, " ").trim();
