import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { writeJson } from "../../core/jsonl.ts";
import { openLoop } from "../../core/run-dir.ts";
import { standIn } from "../../core/stages.ts";
import { WORLD_FILE } from "../../data/synthetic/drawn.ts";
import { openAsking } from "../../model/asking.ts";
import { ASKING_FILES, type ModelFile, readModel } from "../../model/files.ts";
import { trainRl } from "../../policy/rl.ts";
import { isOracle } from "../../prmu/oracle.ts";
import type { RlStage } from "../../rewards/weights.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, choosingOf, decodingsOf, readSplit } from "./common.ts";
import { tellCuts } from "./cuts.ts";
import { handOn, lookOf } from "./hand-on.ts";
import { isWeighed, mayWeigh, openOwnSignals, ownIdentity } from "./own-signals.ts";
import { openScorer } from "./scorer.ts";

const WRITES = ["cuts.jsonl", "validations.json", "model.json"];
/** What the personalization reward is made of: an oracle reads the world too. */
const scorerFiles = ({ prmu }: Pick<Config, "prmu">): string[] => [
  "prmu/scorer.json",
  ...(isOracle(prmu.variant) ? [`data/${WORLD_FILE}`] : []),
];
const FILES = [...ASKING_FILES, "data/rl.jsonl", "data/dev.jsonl"];

/** Guided RL: all five signals. */
export const guidedStage: Stage = {
  name: "guided",
  // The usual start leaves the key of older runs as it was.
  config: ({ guided: { from, ...guided }, rewards, prompt, engines, ...rest }) => ({
    ...choosingOf(rest),
    guided: from === "sft" ? guided : { ...guided, from },
    rewards,
    prompt,
    dtype: engines.policy.dtype,
  }),
  reads: ({ guided: { from }, prmu }) => [
    ...FILES,
    ...(from === "sft" ? ["sft/model.json"] : []),
    ...scorerFiles({ prmu }),
  ],
  outside: async (config, tools) =>
    outsideOf(config, "guided", config.guided.from === "base" ? await baseIdentity(config, tools) : null),
  writes: WRITES,
  run: (context) => runRl(context, "guided"),
};

/** Exploratory RL: verifiable, format and repetition reward alone unless `explore.rewards` says more, from the guided weights on. */
export const exploreStage: Stage = {
  name: "explore",
  config: ({ explore, rewards, prompt, engines, ...rest }) => ({
    ...choosingOf(rest),
    explore,
    rewards,
    prompt,
    dtype: engines.policy.dtype,
  }),
  reads: (config) => [
    ...FILES,
    "guided/model.json",
    ...(mayWeigh(config, "explore", "personalization") ? scorerFiles(config) : []),
  ],
  outside: (config) => outsideOf(config, "explore", null),
  writes: WRITES,
  run: (context) => runRl(context, "explore"),
};

/** What a stage hangs on outside of the run: its base, and the modules of its signals where there are any. */
async function outsideOf(config: Config, stage: RlStage, base: unknown): Promise<unknown> {
  const own = await ownIdentity(config, stage);
  return own === undefined ? base : { base, own };
}

async function runRl(context: StageContext, stage: RlStage): Promise<void> {
  const { run, dir, config, progress, now } = context;
  const asking = await openAsking(context);
  const { renderer: codec, promptOf, prefix, tasks, tags } = asking;
  const examples = readSplit(run, "rl");
  tellCuts(context, asking, examples);
  const start = startOf(context, stage);
  // Where the personalization reward has no weight (the second stage, as a rule) no reward model is loaded.
  const names = tasks.map(({ name }) => name);
  const own = await openOwnSignals(context, stage, names);
  const scorer = isWeighed(config, stage, names, "personalization") ? await openScorer(context) : null;
  const result = await trainRl({
    stage,
    engine: await context.engines.policy(),
    model: start.path,
    ...(start.state === null ? {} : { before: start.state }),
    codec,
    promptOf,
    prefix,
    tasks,
    tags,
    rewards: config.rewards,
    config: config[stage],
    scorer,
    own,
    examples,
    dev: readSplit(run, "dev"),
    looks: config.choose.looks,
    decodings: decodingsOf(config),
    seed: config.seed,
    log: openLoop(dir),
    progress,
    clock: now,
  });
  await scorer?.close();
  const { path, step, score, state, validations, probe } = result;
  writeJson(join(dir, "validations.json"), { probe, validations });
  await handOn(context, {
    title: stage === "guided" ? "Guided RL" : "Exploratory RL",
    stage,
    start: { path: start.path, ...lookOf(start) },
    model: { path, step, score, state },
  });
}

/** The model that a stage goes on from. */
function startOf(context: StageContext, stage: RlStage): Pick<ModelFile, "path" | "state" | "dev"> {
  const { run, config, ablation = null } = context;
  const of = <S extends "sft" | "guided">(before: S) => readModel(run, standIn({ stage: before, ablation }));
  if (stage === "explore") return of("guided");
  return config.guided.from === "base" ? { path: config.model, state: null } : of("sft");
}
