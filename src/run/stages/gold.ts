import type { ShownExample } from "../../data/types.ts";
import { openAsking } from "../../model/asking.ts";
import { ASKING_FILES } from "../../model/files.ts";
import { goldItems } from "../../policy/sft-items.ts";
import type { Stage } from "../stage.ts";
import { baseIdentity, choosingOf, readSplit } from "./common.ts";
import { tellCuts } from "./cuts.ts";
import { learn } from "./supervised.ts";

/**
 * The rival that any claim about reasoning has to beat (ours): SFT on the true answers of the very queries that chains
 * and RL have, asked to answer at once. It sees the same labels and no chain.
 */
export const goldStage: Stage = {
  name: "gold",
  wanted: ({ eval: { methods } }) => methods.includes("sft-gold"),
  config: ({ gold, prompt, engines, guided, ...rest }) => ({
    ...choosingOf(rest),
    gold,
    prompt,
    dtype: engines.policy.dtype,
    max_tokens: guided.max_tokens,
  }),
  reads: () => [...ASKING_FILES, "data/chains.jsonl", "data/rl.jsonl", "data/dev.jsonl"],
  outside: baseIdentity,
  writes: ["cuts.jsonl", "curve.json", "model.json"],
  run: async (context) => {
    const { run, config } = context;
    const { gold, seed, model } = config;
    const asking = await openAsking(context, model, false);
    const examples = labelled(readSplit(run, "chains"), readSplit(run, "rl"));
    tellCuts(context, asking, examples);
    const { renderer: codec, promptOf, prefix } = asking;
    const options = { codec, promptOf, prefix, maxTokens: gold.max_tokens };
    // None is held out: it has the labels that the others have, and dev chooses its weights.
    const items = goldItems(examples, options, { share: 0, seed });
    await learn(context, {
      ...{ name: "gold", title: "SFT on gold, at once", config: gold, model, reasoning: false, asking, items },
    });
  },
};

/** Queries of both splits, each once: where data is short the two overlap. */
function labelled(...splits: readonly (readonly ShownExample[])[]): ShownExample[] {
  return [...new Map(splits.flat().map((example) => [`${example.task}/${example.id}`, example])).values()];
}
