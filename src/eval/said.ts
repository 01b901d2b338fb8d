import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { readLeniently } from "../prompts/lenient.ts";
import { type Response, readResponse } from "../prompts/response.ts";
import { type Statement, statements } from "../rewards/grounding.ts";

/** A response as both readings have it, and what each of its steps states of the items that its prompt showed. */
export interface Said {
  readonly reading: Response;
  /** The answer read strictly; null when unreadable. */
  readonly strict: string | null;
  /** Never null: "" when nothing can be read. */
  readonly lenient: string;
  /** One list a step; empty lists of a method that does not reason. */
  readonly stated: readonly (readonly Statement[])[];
}

/** What a response is read with. */
export interface ReadBy {
  readonly task: Task;
  readonly reasoning: boolean;
  readonly truncated: boolean;
  /** Items as the prompt numbers them, and the query. */
  readonly example: Pick<ShownExample, "shown" | "input">;
}

/** Reads one response, for evaluation and for those who ask: no gold is needed. */
export function readSaid(text: string, { task, reasoning, truncated, example }: ReadBy): Said {
  const reading = readResponse(text, { task, reasoning, truncated });
  const strict = reading.answer;
  const lenient = task.kind === "generation" ? readLeniently(text, task) : (strict ?? readLeniently(text, task));
  const stated = reading.steps.map((step) => (reasoning ? statements(step.text, task, example) : []));
  return { reading, strict, lenient, stated };
}
