import type { ShownExample } from "../../data/types.ts";
import type { TrainedBy } from "../../eval/types.ts";
import { openAsking } from "../../model/asking.ts";
import { goldItems } from "../../policy/sft-items.ts";
import { show } from "../../retrieval/retrieve.ts";
import { identity } from "../key.ts";
import { trainsFor } from "../needed.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, choosingOf, readSplit } from "./common.ts";
import { tellCuts } from "./cuts.ts";
import { retrieveOptions } from "./data.ts";
import { trainData } from "./data-files.ts";
import { learn, learnEach } from "./supervised.ts";

/**
 * The rival that any claim about reasoning has to beat (ours): SFT on the true answers of the very queries that chains
 * and RL have, asked to answer at once. It sees the same labels and no chain.
 */
export const goldStage: Stage = goldLike("gold", "SFT on gold, at once", ["chains", "rl"], learn);

/** The same, one model a task. */
export const goldIndStage: Stage = goldLike("gold-ind", "SFT on gold", ["chains", "rl"], learnEach);

/** The same on every labelled query of train but dev's users': as the paper's plain SFT sees its whole train set. In the synthetic world these are the queries of chains, RL and PRMU. */
export const goldFullStage: Stage = goldLike("gold-full", "SFT on gold, all labels", ["chains", "rl", "prmu"], learn);

function goldLike(
  name: TrainedBy,
  title: string,
  splits: readonly ("chains" | "rl" | "prmu")[],
  teach: typeof learn,
): Stage {
  return {
    name,
    wanted: (config) => trainsFor(config, name),
    config: ({ gold, prompt, engines, guided, ...rest }) => ({
      ...choosingOf(rest),
      gold,
      prompt,
      dtype: engines.policy.dtype,
      max_tokens: guided.max_tokens,
    }),
    reads: () => ["data/tasks.json", ...splits.map((split) => `data/${split}.jsonl`), "data/dev.jsonl"],
    outside: async (config, tools) => {
      const base = await baseIdentity(config, tools);
      return name === "gold-full" ? { base, paths: await Promise.all(config.data.paths.map(identity)) } : base;
    },
    writes: ["cuts.jsonl", "curve.json", "model.json"],
    run: (context) => trainOn(context, { name, title, splits, teach }),
  };
}

async function trainOn(
  context: StageContext,
  lesson: {
    readonly name: TrainedBy;
    readonly title: string;
    readonly splits: readonly ("chains" | "rl" | "prmu")[];
    readonly teach: typeof learn;
  },
): Promise<void> {
  const { run, config } = context;
  const { gold, seed, model } = config;
  const { name, title, splits, teach } = lesson;
  const asking = await openAsking(context, model, false);
  const own = labelled(splits.map((split) => readSplit(run, split)));
  const examples = name === "gold-full" && config.data.source === "files" ? await wholeTrain(context) : own;
  tellCuts(context, asking, examples);
  const { renderer: codec, promptOf, prefix } = asking;
  const options = { codec, promptOf, prefix, maxTokens: gold.max_tokens };
  // None is held out: it has the labels that the others have, and dev chooses its weights.
  const items = goldItems(examples, options, { share: 0, seed });
  await teach(context, { name, title, config: gold, model, reasoning: false, asking, items });
}

/** All that the folders label, but what dev is made of. */
function wholeTrain(context: StageContext): Promise<ShownExample[]> {
  const { run, config } = context;
  const options = retrieveOptions(context, config.profile);
  return trainData(config, readSplit(run, "dev"), (task, example) => show(task, example, options));
}

/** Queries of the splits, each once: where data is short they overlap. */
function labelled(splits: readonly (readonly ShownExample[])[]): ShownExample[] {
  return [...new Map(splits.flat().map((example) => [`${example.task}/${example.id}`, example])).values()];
}
