import type { ShownExample } from "../../data/types.ts";
import type { TrainedBy } from "../../eval/types.ts";
import { openAsking } from "../../model/asking.ts";
import { ASKING_FILES } from "../../model/files.ts";
import { goldItems } from "../../policy/sft-items.ts";
import { trainsFor } from "../needed.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, choosingOf, readSplit } from "./common.ts";
import { tellCuts } from "./cuts.ts";
import { learn, learnEach } from "./supervised.ts";

/**
 * The rival that any claim about reasoning has to beat (ours): SFT on the true answers of the very queries that chains
 * and RL have, asked to answer at once. It sees the same labels and no chain.
 */
export const goldStage: Stage = goldLike("gold", "SFT on gold, at once", ["chains", "rl"], learn);

/** The same, one model a task. */
export const goldIndStage: Stage = goldLike("gold-ind", "SFT on gold", ["chains", "rl"], learnEach);

/** The same on every labelled query that the run has beside dev: as the paper's plain SFT sees its whole train set. */
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
    reads: () => [...ASKING_FILES, ...splits.map((split) => `data/${split}.jsonl`), "data/dev.jsonl"],
    outside: baseIdentity,
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
  const examples = labelled(splits.map((split) => readSplit(run, split)));
  tellCuts(context, asking, examples);
  const { renderer: codec, promptOf, prefix } = asking;
  const options = { codec, promptOf, prefix, maxTokens: gold.max_tokens };
  // None is held out: it has the labels that the others have, and dev chooses its weights.
  const items = goldItems(examples, options, { share: 0, seed });
  await teach(context, { name, title, config: gold, model, reasoning: false, asking, items });
}

/** Queries of the splits, each once: where data is short they overlap. */
function labelled(splits: readonly (readonly ShownExample[])[]): ShownExample[] {
  return [...new Map(splits.flat().map((example) => [`${example.task}/${example.id}`, example])).values()];
}
