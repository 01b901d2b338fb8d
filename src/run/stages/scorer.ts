import { join } from "node:path";
import { backbone } from "../../core/config/reward-model.ts";
import { readJson } from "../../core/jsonl.ts";
import { WORLD_FILE } from "../../data/synthetic/drawn.ts";
import type { World } from "../../data/synthetic/world-types.ts";
import { openAsking } from "../../model/asking.ts";
import { readTags, readTasks } from "../../model/files.ts";
import { makeOracle, type OracleFile } from "../../prmu/oracle.ts";
import { crossScorer, makeScorer, type ScorerFile } from "../../prmu/score.ts";
import type { Scorer } from "../../prmu/scorer-types.ts";
import { makeBorrow } from "../../prmu/warm-start.ts";
import type { StageContext } from "../stage.ts";
import { readSplit } from "./common.ts";
import { readScorer } from "./prmu.ts";

type Opened = Scorer & { close(): Promise<void> };

/** What gives the personalization reward: the trained model, both of a cross-fit, or an oracle of the synthetic world. */
export async function openScorer(context: StageContext): Promise<Opened | null> {
  const { config, run, ablation = null } = context;
  const file = readScorer(run, ablation);
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
