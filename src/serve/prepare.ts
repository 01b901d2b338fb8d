import type { Task } from "../data/task.ts";
import type { ProfileItem, QueryId, ShownExample, UserId } from "../data/types.ts";
import type { OpenedModel } from "../model/open.ts";
import type { Cut } from "../prompts/budget.ts";
import type { Message } from "../prompts/chat.ts";
import { fitConversation } from "../prompts/conversation.ts";
import type { Renderer } from "../prompts/renderer.ts";
import type { Embed, Retriever } from "../retrieval/retrieve.ts";
import type { History } from "./history.ts";

/** One question to a model. */
export interface Question {
  readonly task: Task;
  /** As the task's queries are written (`queryInput`). */
  readonly input: string;
  /** Null for a history that came with the question. */
  readonly user: string | null;
  readonly history: History;
  /** What was said before in this conversation. */
  readonly turns: readonly Message[];
}

/** An item that the prompt holds, by the number that it has there: `[3] …`. */
export interface ShownItem extends ProfileItem {
  readonly number: number;
  /** What the retriever chose it by, higher is better; null where that has no score. */
  readonly score: number | null;
}

/** What a prompt was made of. */
export interface Shown {
  readonly task: string;
  readonly user: string | null;
  /** Items of the whole history. */
  readonly history: number;
  readonly retriever: { readonly name: Retriever; readonly k: number };
  /** Oldest first; the texts whole, also where the prompt has them cut. */
  readonly items: readonly ShownItem[];
  /** What was taken to fit the budget: of items, of the query (`input`), of earlier turns (`turn 1`). */
  readonly cuts: readonly Cut[];
  readonly promptTokens: number;
}

export interface Prepared {
  readonly question: Question;
  readonly shown: Shown;
  readonly prompt: readonly number[];
}

export interface PrepareTools {
  readonly model: OpenedModel;
  readonly renderer: Renderer;
  /** For a dense retriever. */
  readonly embed?: Embed;
}

/** Builds the profile as the model learnt it, by its own retriever, and fits the prompt into its budget. */
export async function prepare({ model, renderer, embed }: PrepareTools, question: Question): Promise<Prepared> {
  const { task, history, turns, input, user } = question;
  const { retriever, promptTokens: maxTokens, style } = model;
  const example = { task: task.name, id: ASKED, user: user as UserId | null, input, gold: null };
  const options = { ...retriever, ...(embed === undefined ? {} : { embed }) };
  const chosen = history.size === 0 ? [] : await history.find(task, example, options);
  const items = chosen.map(({ item }) => item);
  const budget = { maxTokens, maxCharacters: LONGEST * maxTokens };
  const fitted = fitConversation({ task, example, items, style, renderer, ...budget }, turns);
  const { tokens, cut, turnsCut, shownItems } = fitted;
  // The oldest are left out first.
  const shown = chosen.slice(chosen.length - shownItems.length);
  return {
    question,
    prompt: tokens,
    shown: {
      ...{ task: task.name, user, history: history.size },
      retriever: { name: retriever.method, k: retriever.k },
      items: shown.map(({ item, score }, i) => ({ number: i + 1, ...item, score })),
      cuts: [...turnsCut, ...cut],
      promptTokens: tokens.length,
    },
  };
}

/** Characters of a token, more than any text but a row of spaces or dashes has on average: what is longer is not tokenized. */
const LONGEST = 8;

/** Names the random streams of the random retrievers: one question, one draw. */
const ASKED = "asked" as QueryId;

/** The example that a chain's statements are checked against. */
export const exampleOf = ({ question, shown }: Prepared): Pick<ShownExample, "shown" | "input"> => ({
  shown: shown.items,
  input: question.input,
});
