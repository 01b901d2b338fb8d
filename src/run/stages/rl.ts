import { join } from "node:path";
import { backbone } from "../../core/config/reward-model.ts";
import type { Config } from "../../core/config/schema.ts";
import { readJson, writeJson } from "../../core/jsonl.ts";
import { openLoop } from "../../core/run-dir.ts";
import { WORLD_FILE } from "../../data/synthetic/drawn.ts";
import type { World } from "../../data/synthetic/world-types.ts";
import { openAsking } from "../../model/asking.ts";
import { ASKING_FILES, type ModelFile, readModel, readTags, readTasks } from "../../model/files.ts";
import { trainRl } from "../../policy/rl.ts";
import { isOracle, makeOracle, type OracleFile } from "../../prmu/oracle.ts";
import { crossScorer, makeScorer, type ScorerFile } from "../../prmu/score.ts";
import type { Scorer } from "../../prmu/scorer-types.ts";
import { makeBorrow } from "../../prmu/warm-start.ts";
import type { RlStage } from "../../rewards/weights.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, choosingOf, decodingsOf, readSplit } from "./common.ts";
import { tellCuts } from "./cuts.ts";
import { handOn, lookOf } from "./hand-on.ts";
import { isWeighed, mayWeigh, openOwnSignals, ownIdentity } from "./own-signals.ts";
import { readScorer } from "./prmu.ts";

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
  const start = startOf(run, stage, config);
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
function startOf(run: string, stage: RlStage, config: Config): Pick<ModelFile, "path" | "state" | "dev"> {
  if (stage === "explore") return readModel(run, "guided");
  return config.guided.from === "base" ? { path: config.model, state: null } : readModel(run, "sft");
}

type Opened = Scorer & { close(): Promise<void> };

/** What gives the personalization reward: the trained model, both of a cross-fit, or an oracle of the synthetic world. */
async function openScorer(context: StageContext): Promise<Opened | null> {
  const { config, run } = context;
  const file = readScorer(run);
  if (file === null) return null;
  if ("oracle" in file) return openOracle(context, file);
  const { renderer: codec, promptOf, prefix, tasks } = await openAsking(context, backbone(config));
  const { warm_start: items } = config.prmu;
  const engine = await context.engines.reward();
  const open = (one: ScorerFile): Promise<Opened> => {
    const lends = one.rows !== null && items > 0;
    const warm = lends ? { borrow: makeBorrow(readSplit(run, "prmu"), one.rows, tasks, items) } : {};
    return makeScorer(engine, one, { codec, promptOf, prefix, ...warm });
  };
  if (file.crossed === undefined) return open(file);
  const { other, halves } = file.crossed;
  return crossScorer([await open(file), await open(other)], halves, config.rewards.raw_personalization);
}

function openOracle({ run, config }: StageContext, { oracle }: OracleFile): Opened {
  const world = readJson<World>(join(run, "data", WORLD_FILE));
  return makeOracle({ oracle, world, tasks: readTasks(run), tags: readTags(run), seed: config.seed });
}
