import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { Method, Reply } from "../eval/types.ts";
import type { SoftStage } from "../model/files.ts";
import { softPrompt } from "../prompts/soft-prompt.ts";
import { said, sampleEach, sampleSeed, taskOf } from "./ask-each.ts";

interface Soft extends Pick<Method, "name" | "label" | "paper" | "about"> {
  readonly trains: SoftStage;
}

/**
 * PPlug (Liu et al. 2024, arXiv 2409.11901): the base model answers a query without items, in front of which stand two soft
 * tokens. The first is an instruction's, the second the user's: every item of the history (the newest 512) is a vector of a
 * frozen text encoder, a trainable copy of it reads the query, a softmax over their dot products says how much each item
 * counts, and a projector (Linear, GELU, Linear) brings the sum to the model's embeddings. The base model never changes.
 *
 * The source names its constant for one model; ours is calibrated to the mean length of the model's embeddings. Ours too: the
 * projector begins without biases and the instruction as a vector of length 1, texts are read without dropout, dev's loss
 * chooses the weights, answers are greedy (the source: beam 4), and the labels are those that TagPR has.
 */
export const pplugLike = ({ trains, ...method }: Soft): Method => ({
  ...method,
  ...{ source: "Liu et al. 2024, arXiv 2409.11901", trains: [trains], profile: true, reasoning: false },
  answer: async (examples, tools) => {
    const made = await tools.softPrompts(trains, examples);
    const { renderer, promptTokens: maxTokens, draw, seed } = tools;
    const prompts = examples.map((example) =>
      softPrompt({ task: taskOf(tools, example), example, renderer, maxTokens }),
    );
    const wanted = zipStrict(zipStrict(examples, made), prompts).map(([[example, { soft }], { tokens: prompt }]) => ({
      weights: "base" as const,
      asks: [
        { prompt, soft, seed: 0 },
        ...(draw === null ? [] : [{ prompt, soft, ...draw, seed: sampleSeed(seed, example) }]),
      ],
    }));
    const drawn = await sampleEach(wanted, tools);
    return zipStrict(zipStrict(made, prompts), drawn).map(
      ([[{ attention, of }, { tokens, cut }], [greedy, samples]]): Reply => {
        const [first] = greedy ?? [];
        if (first === undefined) throw new TagprError("engine", `${method.name}: no response to a query`);
        return {
          ...said(first, tools, false),
          ...{ shown: [], cut, cost: { promptTokens: tokens.length, sampledTokens: first.tokens, responses: 1 } },
          ...(samples === undefined ? {} : { samples: samples.map((one) => said(one, tools, false)) }),
          made: { items: of, attention },
        };
      },
    );
  },
});
