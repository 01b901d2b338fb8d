import { join } from "node:path";
import type { Chain } from "../../chains/types.ts";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { readJsonl, writeJson } from "../../core/jsonl.ts";
import { openLoop } from "../../core/run-dir.ts";
import type { ShownExample } from "../../data/types.ts";
import { trainSft } from "../../policy/sft.ts";
import { goldItems, type SftItemOptions, type SftItems, sftItems } from "../../policy/sft-items.ts";
import { validate } from "../../policy/validate.ts";
import type { Stage, StageContext } from "../stage.ts";
import { ASKING_FILES, type Asking, baseIdentity, openAsking, readSplit, writeModel } from "./common.ts";
import { tellCuts } from "./cuts.ts";

/** Foundational SFT on the tagged chains, or on what `sft.form` says. */
export const sftStage: Stage = {
  name: "sft",
  // The dev score is a verifiable reward, which has no settings, at RL's response cut-off.
  config: ({ sft, chains, prompt, engines, guided }) => ({
    sft: sft.form === "gold" ? { ...sft, held_out: chains.held_out } : sft,
    prompt,
    dtype: engines.policy.dtype,
    max_tokens: guided.max_tokens,
  }),
  reads: () => [...ASKING_FILES, "chains/chains.jsonl", "data/chains.jsonl", "data/dev.jsonl"],
  outside: baseIdentity,
  writes: ["cuts.jsonl", "curve.json", "model.json"],
  run: async (context) => {
    const { run, dir, config, progress, now } = context;
    const reasoning = config.sft.form !== "gold";
    const asking = await openAsking(context, config.model, reasoning);
    const { renderer: codec, promptOf, prefix, tasks, tags } = asking;
    const { train, heldOut, tooLong } = itemsOf(context, asking);
    tellCuts(context, asking, readSplit(run, "chains"));
    if (train.length === 0)
      throw new TagprError("data", `SFT has nothing to learn (${tooLong} were longer than sft.max_tokens)`, {
        hint: "See RUN/chains/stats.json for what the filters left; more queries, roll-outs or a better teacher help.",
      });
    if (tooLong > 0)
      progress.say(
        `SFT: ${tooLong} prompts with their completion are longer than ${config.sft.max_tokens} tokens and left out`,
      );
    const dev = readSplit(run, "dev");
    const setting = { codec, promptOf, prefix, reasoning, tasks, tags, rewards: config.rewards, config: config.guided };
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

function itemsOf({ run, config }: StageContext, { renderer: codec, promptOf, prefix }: Asking): SftItems {
  const { max_tokens: maxTokens, max_chains } = config.sft;
  const most = max_chains === 0 ? {} : { most: { chains: max_chains, seed: config.seed } };
  const chains = readJsonl<Chain>(join(run, "chains", "chains.jsonl"));
  return formItems(config, chains, readSplit(run, "chains"), { codec, promptOf, prefix, maxTokens, ...most });
}

/** What `sft.form` says is learnt of the chains' queries. */
export function formItems(
  { sft: { form }, chains: { held_out }, seed }: Config,
  chains: readonly Chain[],
  examples: readonly ShownExample[],
  options: SftItemOptions,
): SftItems {
  if (form === "gold") return goldItems(examples, options, { share: held_out, seed });
  return sftItems(chains, examples, { ...options, form });
}
