import { configSchema } from "../core/config/schema.ts";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem, QueryId, ShownExample, UserId } from "../data/types.ts";
import type { ChatModel, ChatRequest } from "../llm/types.ts";
import { withoutGold } from "./asked.ts";
import type { Candidate } from "./types.ts";

/** For tests. */
export const MOVIES = loadTask("LaMP_2");
export const STARS = loadTask("LaMP_3");
export const TITLES = loadTask("LaMP_5");
export const CONFIG = configSchema.parse({}).chains;

const ITEMS: ProfileItem[] = [
  { id: "i0", fields: { description: "A lone survivor walks through burnt cities", tag: "dystopia" } },
  { id: "i1", fields: { description: "Two clowns inherit a circus in Paris", tag: "comedy" } },
];

export function movie(id: string, user: string, gold: string): ShownExample {
  const input = `Which tag does this movie relate to among the following tags? tags: [comedy, dystopia] description: ${id}: rebels hide from a cruel government`;
  return {
    task: "LaMP_2",
    id: id as QueryId,
    user: user as UserId,
    input,
    gold,
    shown: ITEMS,
    historyItems: ITEMS.length,
  };
}

export function candidate(reasoning: string, answer = "dystopia", i = 0): Candidate {
  return { task: MOVIES, example: withoutGold(movie("q", "u", "dystopia")), i, reasoning, answer };
}

/** A chat model in a function: `reply(request, k)` is sample k. Remembers what it was asked. */
export function fakeModel(reply: (request: ChatRequest, k: number) => string) {
  const asked: ChatRequest[] = [];
  const complete: ChatModel["complete"] = async (request) => {
    asked.push(request);
    const texts = Array.from({ length: request.n }, (_, k) => reply(request, k));
    return { texts, truncated: texts.map(() => false), usage: { promptTokens: 1, completionTokens: 1 } };
  };
  const model: ChatModel = {
    name: "fake",
    complete,
    completeMany: (requests) => Promise.all(requests.map(complete)),
    spent: () => ({
      ...{ requests: asked.length, cached: 0, failed: 0, unusable: 0 },
      ...{ promptTokens: 0, completionTokens: 0, dollars: 0 },
    }),
  };
  return { model, asked };
}
