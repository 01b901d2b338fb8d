import { configSchema } from "../core/config/schema.ts";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem, QueryId, ShownExample, UserId } from "../data/types.ts";
import type { ChatModel, ChatRequest } from "../llm/types.ts";
import { withoutGold } from "./asked.ts";
import { splitPieces, stepsOf, type TaggedStep } from "./pieces.ts";
import { stands } from "./rules/quote.ts";
import type { CheckSaid } from "./said.ts";
import { modelTeacher, type RunTeacher } from "./teacher.ts";
import type { Candidate, Segment } from "./types.ts";

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
  return { task: MOVIES, example: withoutGold(movie("q", "u", "dystopia")), i, reasoning, answer, by: "fake" };
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

/** A model as the only teacher. */
export const alone = (model: ChatModel, maxTokens = 99): RunTeacher => ({
  teacher: modelTeacher(model, { temperature: 1, maxTokens }),
  share: 1,
  rationalize: false,
});

/** A simple checker: quotations of three words or more must stand in the prompt, numbers in brackets be an item's. */
export const simpleCheck: CheckSaid = (text, _task, { shown, input }) => {
  const sources = [input, ...shown.flatMap(({ fields }) => Object.values(fields))];
  const quotes = [...text.matchAll(/"([^"]+)"/g)].flatMap(([, quote = ""]) =>
    quote.split(" ").length < 3 ? [] : [quote],
  );
  const numbers = [...text.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
  return [
    ...quotes.map((quote) => (sources.some((source) => stands(quote, source)) ? null : "stands nowhere")),
    ...numbers.map((number) => (shown[number - 1] === undefined ? "no such item" : null)),
  ].map((fault) => ({ names: [], fault }));
};

/** A candidate's steps as segments of its parts name them. */
export const stepsBy = ({ reasoning, task }: Candidate, segments: readonly Segment[]): TaggedStep[] =>
  stepsOf(splitPieces(reasoning, task.language), segments);
