import { zipStrict } from "../core/zip.ts";
import type { ShownExample } from "../data/types.ts";
import { answerIn } from "../encoders/scored-text.ts";
import type { Method, Reply } from "../eval/types.ts";
import { askEach } from "./ask-each.ts";

/** Answers that the base model gives to a query (source: 8). */
export const CANDIDATES = 8;
/** Of sampling them (source: 1). */
const TEMPERATURE = 1;

/**
 * HYDRA-Adapter (Zhuang et al. 2024, arXiv 2406.02888): the base model, which nobody can train, gives 8 answers at temperature 1
 * to a prompt with the user's items; a scorer says which is right. The scorer is a text encoder that all users share with a
 * head a user on it (Linear, tanh, Linear). It learns from answers to training users' queries whose truth is known; then the
 * encoder stays, and each test user's head learns from answers to queries made of that user's own history.
 *
 * Ours: the encoder (MiniLM, where the source has Longformer) reads answer, query and items from the newest on, so that its cut
 * takes old items; its heads have one output where the source's have two; there is no dropout; a new head begins as the
 * mean of the trained ones, and who has none is scored by that mean; the newest items of a history are the queries, each with the
 * items before it in its prompt, where an item holds a text and the user's own choice.
 */
export const hydraAdapter: Method = {
  name: "hydra-adapter",
  label: "HYDRA-Adapter",
  paper: "HYDRA",
  source: "Zhuang et al. 2024, arXiv 2406.02888",
  about: "Of 8 answers of the base model the one that a scorer with a head for each user finds right.",
  trains: ["hydra"],
  profile: true,
  reasoning: false,
  adapts: true,
  draws: false,
  responses: CANDIDATES,
  answer: async (examples, tools) => {
    const draw = { n: CANDIDATES, temperature: TEMPERATURE };
    const asking = { weights: () => "base" as const, items: ({ shown }: ShownExample) => shown, reasoning: false };
    const replies = await askEach(examples, { ...tools, draw }, asking);
    const drawn = replies.map(({ samples = [] }) => samples);
    const scores = await tools.scoreAnswers(
      "hydra",
      zipStrict(examples, drawn).flatMap(([example, own]) =>
        own.map(({ response }) => ({ example, text: answerIn(response) })),
      ),
    );
    return zipStrict(replies, drawn).map(([{ samples: _, ...reply }, own], i): Reply => {
      const scored = scores.slice(i * CANDIDATES, (i + 1) * CANDIDATES);
      const logits = scored.map(({ logit }) => logit);
      const at = logits.indexOf(Math.max(...logits));
      const tokens = own.reduce((sum, one) => sum + one.tokens, 0);
      return {
        ...{ ...reply, ...own[at] },
        cost: { promptTokens: reply.cost.promptTokens, sampledTokens: tokens, responses: own.length },
        made: {
          ...{ answers: own.map(({ response }) => answerIn(response)), logits, chosen: at },
          head: scored.some((one) => one.own) ? "own" : "shared",
        },
      };
    });
  },
};
