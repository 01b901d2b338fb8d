import { prompted } from "./prompted.ts";

/**
 * The example to begin a method with. `prompted` is all of a method that asks one prompt: `askEach` renders the query with
 * its items in the chat form, cuts items to the budget, samples greedily, and draws beside that what the evaluation asks for.
 * A method that does more has an `answer` of its own, which may call `askEach` or `tools.sample` as often as it needs.
 */
export const ragR = prompted({
  name: "rag-r",
  label: "RAG-R (Base)",
  paper: "RAG-R (Base)",
  source: "paper, section 4.1",
  about: "The base model sees items of the user's history and reasons first.",
  profile: true,
  reasoning: true,
});
