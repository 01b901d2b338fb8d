import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import type { Prediction } from "../eval/types.ts";
import { statements } from "../rewards/grounding.ts";
import { cutChain, type Falsehood } from "./chain-html.ts";

/** The items that the prompt of an answer showed, in the prompt's numbering: without those that were cut to fit. */
export function itemsShown({ cut = [] }: Pick<Prediction, "cut">, { shown }: ShownExample): ProfileItem[] {
  const out = new Set(cut.flatMap(({ item, field }) => (field === null ? [item] : [])));
  return shown.filter(({ id }) => !out.has(id));
}

/** What the chain says of the items that isn't so. */
export function falsehoods(
  prediction: Pick<Prediction, "response" | "cut">,
  task: Task | undefined,
  example: ShownExample | undefined,
): Falsehood[] {
  if (task === undefined || example === undefined) return [];
  const asked = { input: example.input, shown: itemsShown(prediction, example) };
  return cutChain(prediction.response)
    .parts.flatMap(({ text }) => statements(text, task, asked))
    .flatMap(({ text, fault }) => (fault === null ? [] : [{ text, fault }]));
}
