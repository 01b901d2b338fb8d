import type { Method } from "../eval/types.ts";
import { prompted } from "./prompted.ts";

const asked = prompted({
  name: "prlm",
  label: "PrLM",
  paper: "PrLM",
  source: "arXiv 2508.07342",
  about:
    "The base model after GRPO with PrLM's rewards: the answer's quality, the form, and a contrastive model that tells answers with a profile from those without.",
  trains: "prlm",
  profile: true,
  reasoning: true,
});

/**
 * PrLM (arXiv 2508.07342): RL for explicit reasoning over the shown items, without SFT before it. Its rewards: 1 × quality (ROUGE-1
 * + 2 + L), 0.1 × form, 0.1 × the sigmoid of a contrastive reward model of query and answer, trained on answers of the base model
 * with items against answers without. GRPO on TagPR's RL queries with its roll-outs and passes.
 *
 * Ours: the verifiable reward as the quality of a label or a grade, which the source doesn't have; one reward model for all
 * tasks, a sentence encoder where the source has BERT, the answer before the query in its text, pairs of equal answers left out; all
 * parameters where the source has LoRA (`guided.rank`), TagPR's prompt without tag names, and clipping bounds of 0.2.
 */
export const prlm: Method = {
  ...asked,
  // It was trained without the tags' names in its prompt.
  answer: (examples, tools) => asked.answer(examples, { ...tools, tags: [] }),
};
