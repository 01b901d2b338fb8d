import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson, readJsonl, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { openLoop } from "../../core/run-dir.ts";
import { type FaultPair, plantFaults } from "../../prmu/faults.ts";
import { verdicts } from "../../prmu/held-out.ts";
import { buildPairs, type Pair } from "../../prmu/pairs.ts";
import { samplePairSources } from "../../prmu/sample.ts";
import type { ScorerFile } from "../../prmu/score.ts";
import { trainPrmu } from "../../prmu/train.ts";
import { identity } from "../key.ts";
import type { Stage, StageContext } from "../stage.ts";
import { ASKING_FILES, type Asking, openAsking, readModel, readSplit, readTasks } from "./common.ts";
import { tellCuts } from "./cuts.ts";

/** The backbone of the reward model: its own, or the run's base model with a fresh head. */
export const backbone = ({ prmu, model }: StageContext["config"]): string => (prmu.model === "" ? model : prmu.model);

/** Preference pairs from the SFT policy's own responses, then the reward model with user embeddings. */
export const prmuStage: Stage = {
  name: "prmu",
  config: ({ prmu, prompt, engines }) => ({ prmu, prompt, dtype: engines.reward.dtype }),
  reads: () => [...ASKING_FILES, "data/prmu.jsonl", "sft/model.json"],
  outside: async (config, { modelDir }) =>
    config.prmu.variant === "none" ? null : identity(await modelDir(backbone(config))),
  writes: ["cuts.jsonl", "pairs.jsonl", "faults.jsonl", "pair_stats.json", "scorer.json", "held_out.json"],
  run: async (context) => {
    const { run, dir, config, progress, now } = context;
    if (config.prmu.variant === "none") {
      progress.say("PRMU: left out (prmu.variant is none)");
      writeScorer(dir, null);
      return;
    }
    const examples = readSplit(run, "prmu");
    const { pairs, faults } = await pairsOf(context, await openAsking(context));
    // A backbone with another tokenizer reads the same texts in its own tokens.
    const asking = await openAsking(context, backbone(config));
    const { renderer: codec, promptOf, prefix } = asking;
    tellCuts(context, asking, examples);
    const result = await trainPrmu({
      engine: await context.engines.reward(),
      model: backbone(config),
      codec,
      prefix,
      promptOf,
      examples,
      pairs,
      faults,
      tasks: readTasks(run),
      config: config.prmu,
      seed: config.seed,
      log: openLoop(dir),
      progress,
      clock: now,
    });
    if (result !== null) {
      const { before, heldOut, step } = result;
      writeJson(join(dir, "held_out.json"), { step, before, after: heldOut, ...verdicts(heldOut) });
    }
    writeScorer(dir, result === null ? null : { ...result, made_by: context.key });
  },
};

/** Sampling the responses is the longest part: pairs that stand are used again. */
async function pairsOf(
  context: StageContext,
  asking: Asking,
): Promise<{ readonly pairs: readonly Pair[]; readonly faults: readonly FaultPair[] }> {
  const { run, dir, config, progress } = context;
  const path = join(dir, "pairs.jsonl");
  const faultsPath = join(dir, "faults.jsonl");
  if (existsSync(path) && existsSync(faultsPath))
    return { pairs: readJsonl<Pair>(path), faults: readJsonl<FaultPair>(faultsPath) };
  const { renderer: codec, promptOf, promptWithout, promptWith, prefix, tasks, tags } = asking;
  const sources = await samplePairSources({
    sampler: await (await context.engines.policy()).sampler(readModel(run, "sft").path),
    codec,
    prefix,
    examples: readSplit(run, "prmu"),
    tasks,
    tags,
    promptOf,
    promptWithout,
    promptWith,
    config: config.prmu,
    seed: config.seed,
    progress,
  });
  const { pairs, stats } = buildPairs(sources, config.prmu, config.seed);
  writeJson(join(dir, "pair_stats.json"), stats);
  const faults = plantFaults(sources, tasks, config.prmu, config.seed);
  writeJsonl(faultsPath, faults);
  writeJsonl(path, pairs);
  return { pairs, faults };
}

/** `scorer.json`; null where there is no reward model. */
function writeScorer(dir: string, scorer: (ScorerFile & { made_by: string }) | null): void {
  const kept = scorer && { path: scorer.path, rows: scorer.rows, centre: scorer.centre, made_by: scorer.made_by };
  writeJson(join(dir, "scorer.json"), kept);
}

export const readScorer = (run: string): ScorerFile | null =>
  readJson<ScorerFile | null>(join(run, "prmu", "scorer.json"));
