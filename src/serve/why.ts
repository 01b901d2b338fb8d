import type { Choice } from "./answer.ts";
import type { Shown } from "./prepare.ts";
import type { Why } from "./schema.ts";

/** The field `tagpr` of a response: what an answer was made of, and how it came about. */
export const shownOf = ({ promptTokens, items, cuts, ...shown }: Shown): NonNullable<Why["shown"]> => ({
  ...shown,
  retriever: { ...shown.retriever },
  items: items.map(({ number, id, date, fields, score }) => ({
    ...{ number, id, fields: { ...fields }, score },
    ...(date === undefined ? {} : { date }),
  })),
  cuts: [...cuts],
  prompt_tokens: promptTokens,
});

export const saidOf = (choices: readonly Choice[]): NonNullable<Why["said"]> =>
  choices.map(({ index, steps, answer, read, fault, tokens }) => ({
    ...{ index, tags: steps.flatMap(({ tag }) => tag ?? []) },
    steps: steps.map((step) => ({ ...step, false: [...step.false] })),
    ...{ answer, read, fault, tokens },
  }));
