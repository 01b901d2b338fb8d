import { join } from "node:path";
import type { Config, RlConfig } from "../../core/config/schema.ts";
import { writeJson } from "../../core/jsonl.ts";
import { openLoop } from "../../core/run-dir.ts";
import { scoredText } from "../../encoders/scored-text.ts";
import { logitsOf } from "../../encoders/train-scorer.ts";
import { openAsking } from "../../model/asking.ts";
import { ASKING_FILES, readModel } from "../../model/files.ts";
import { trainRl } from "../../policy/rl.ts";
import { loadTextTokens } from "../../prompts/text-tokens.ts";
import type { OwnItem } from "../../rewards/own.ts";
import { prlmRewards, prlmSignals } from "../../rewards/prlm.ts";
import { trainsFor } from "../needed.ts";
import { encoderOf } from "../scorers.ts";
import { taskBy } from "../soft-asks.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, choosingOf, decodingsOf, readSplit, writeModel } from "./common.ts";

/** PrLM: GRPO from the base model with PrLM's rewards, on TagPR's RL queries, with its budget. */
export const prlmStage: Stage = prlmLike("prlm", ["data/tasks.json"]);
/** The same from the SFT model, whose prompts name the tags: what differs from TagPR is the RL alone. */
export const prlmSftStage: Stage = prlmLike("prlm-sft", [...ASKING_FILES, "sft/model.json"]);

type Name = "prlm" | "prlm-sft";

function prlmLike(name: Name, files: readonly string[]): Stage {
  return {
    name,
    wanted: (config) => trainsFor(config, name),
    config: ({ guided, explore, prompt, engines, ...rest }) => ({
      ...choosingOf(rest),
      rl: prlmRl({ guided, explore }),
      prompt,
      dtype: engines.policy.dtype,
    }),
    reads: () => [...files, "data/rl.jsonl", "data/dev.jsonl", "prlm-reward/model.json"],
    outside: baseIdentity,
    writes: ["validations.json", "model.json"],
    run: (context) => run(context, name),
  };
}

/** Bounds of the ratio, one a token (ours: GRPO's usual ones). */
const CLIP = 0.2;

/** Both of TagPR's stages as one: their queries, roll-outs and passes together, the first one's other settings. */
export function prlmRl({ guided, explore }: Pick<Config, "guided" | "explore">): RlConfig {
  const { from: _, ...rl } = guided;
  return {
    ...rl,
    ...{ loss: "grpo", clip_low: CLIP, clip_high: CLIP, epochs: guided.epochs + explore.epochs },
    rewards: { own: {}, of: {} },
  };
}

async function run(context: StageContext, name: Name): Promise<void> {
  const { run: folder, dir, config, engines, progress, now, modelDir } = context;
  const asking = name === "prlm" ? await openAsking(context, config.model, true, []) : await openAsking(context);
  const { renderer: codec, promptOf, prefix, tasks, tags } = asking;
  const tokensOf = loadTextTokens(await modelDir(encoderOf(config, "prlm")));
  const reward = readModel(folder, "prlm-reward");
  const scorer = await (await engines.embeddings()).train({
    ...{ model: reward.path, rank: 0, seed: config.seed, reward: { userEmbeddings: 0, textEncoder: true } },
  });
  const logits = (items: readonly OwnItem[]): Promise<number[]> =>
    logitsOf(
      scorer,
      items.map(({ task, input, answer }) => {
        const text = scoredText(taskBy(tasks)({ task }), { input, shown: [] }, answer ?? "");
        return { tokens: tokensOf(text), row: 0 };
      }),
    );
  const { path, step, score, state, validations, probe } = await trainRl({
    ...{ stage: "guided", title: name === "prlm" ? "PrLM" : "PrLM from SFT" },
    engine: await engines.policy(),
    model: name === "prlm" ? config.model : readModel(folder, "sft").path,
    ...{ codec, promptOf, prefix, tasks, tags },
    ...{ rewards: prlmRewards(config.rewards), config: prlmRl(config), scorer: null, own: prlmSignals(tasks, logits) },
    ...{ examples: readSplit(folder, "rl"), dev: readSplit(folder, "dev"), looks: config.choose.looks },
    ...{ decodings: decodingsOf(config), seed: config.seed, log: openLoop(dir), progress, clock: now },
  });
  await scorer.unload();
  writeJson(join(dir, "validations.json"), { probe, validations });
  writeModel(context, { path, step, score, state });
}
