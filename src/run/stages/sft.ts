import { join } from "node:path";
import type { Chain } from "../../chains/types.ts";
import { TagprError } from "../../core/errors.ts";
import { readJsonl, writeJson } from "../../core/jsonl.ts";
import { openLoop } from "../../core/run-dir.ts";
import { trainSft } from "../../policy/sft.ts";
import { sftItems } from "../../policy/sft-items.ts";
import { validate } from "../../policy/validate.ts";
import type { Stage } from "../stage.ts";
import { ASKING_FILES, baseIdentity, openAsking, readSplit, writeModel } from "./common.ts";
import { tellCuts } from "./cuts.ts";

/** Foundational SFT on the tagged chains. */
export const sftStage: Stage = {
  name: "sft",
  // The dev score is a verifiable reward at RL's response cut-off.
  config: ({ sft, prompt, engines, rewards, guided }) => ({
    sft,
    prompt,
    dtype: engines.policy.dtype,
    verifiable: rewards,
    max_tokens: guided.max_tokens,
  }),
  reads: () => [...ASKING_FILES, "chains/chains.jsonl", "data/chains.jsonl", "data/dev.jsonl"],
  outside: baseIdentity,
  run: async (context) => {
    const { run, dir, config, progress, now } = context;
    const asking = await openAsking(context);
    const { renderer: codec, promptOf, prefix, tasks, tags } = asking;
    const chains = readJsonl<Chain>(join(run, "chains", "chains.jsonl"));
    const { train, heldOut, tooLong } = sftItems(chains, readSplit(run, "chains"), {
      codec,
      promptOf,
      prefix,
      maxTokens: config.sft.max_tokens,
    });
    tellCuts(context, asking, readSplit(run, "chains"));
    if (train.length === 0)
      throw new TagprError("data", `SFT has no chain to learn (${tooLong} were longer than sft.max_tokens)`, {
        hint: "See RUN/chains/stats.json for what the filters left; more queries, roll-outs or a better teacher help.",
      });
    if (tooLong > 0) progress.say(`SFT: ${tooLong} chains longer than ${config.sft.max_tokens} tokens are left out`);
    const dev = readSplit(run, "dev");
    const setting = { codec, promptOf, prefix, tasks, tags, rewards: config.rewards, config: config.guided };
    const result = await trainSft({
      engine: await context.engines.policy(),
      model: config.model,
      train,
      heldOut,
      config: config.sft,
      seed: config.seed,
      log: openLoop(dir),
      progress,
      clock: now,
      evaluateDev: async (sampler) =>
        (await validate({ ...setting, stage: "guided", scorer: null }, sampler, dev, 0, now)).point.score,
    });
    const { path, step, score, curve, stoppedEarly } = result;
    writeJson(join(dir, "curve.json"), { curve, stopped_early: stoppedEarly, too_long: tooLong });
    writeModel(context, { path, step, score, state: null });
  },
};
