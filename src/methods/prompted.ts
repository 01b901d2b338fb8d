import type { Method, TrainedBy } from "../eval/types.ts";
import { type Asking, askEach, keptItems, promptFor } from "./ask-each.ts";

interface Prompted extends Omit<Method, "trains" | "answer"> {
  /** The stage whose model answers; the base model without. */
  readonly trains?: TrainedBy;
  /** Whether that stage trains a model a task. */
  readonly perTask?: boolean;
}

/** A method that is one prompt and one response: what most rows are, and what the rest is measured against. */
export function prompted({ trains, perTask = false, ...method }: Prompted): Method {
  const asking: Asking = {
    weights: (task) => (trains === undefined ? "base" : perTask ? `${trains}/${task}` : trains),
    items: ({ shown }) => (method.profile ? shown : []),
    reasoning: method.reasoning,
  };
  return {
    ...method,
    trains: trains === undefined ? [] : [trains],
    asks: (example, tools) => {
      const { tokens, cut } = promptFor(example, tools, asking);
      const shown = keptItems(asking.items(example), cut);
      return { weights: asking.weights(example.task), prompt: tokens, shown };
    },
    answer: (examples, tools) => askEach(examples, tools, asking),
  };
}
