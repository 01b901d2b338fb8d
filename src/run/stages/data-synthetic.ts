import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { stream } from "../../core/random.ts";
import { zipStrict } from "../../core/zip.ts";
import { almanac } from "../../data/synthetic/almanac.ts";
import { WORLD_FILE } from "../../data/synthetic/drawn.ts";
import { examples } from "../../data/synthetic/examples.ts";
import type { Shape } from "../../data/synthetic/shape.ts";
import { shapeOf } from "../../data/synthetic/shapes.ts";
import { FIRST_PRETRAINING_SEED, makeWorld } from "../../data/synthetic/world.ts";
import type { World } from "../../data/synthetic/world-types.ts";
import { loadTask } from "../../data/task-file.ts";
import type { Example, QueryId, ShownExample } from "../../data/types.ts";
import type { Gathered, Show, SplitName } from "./gathered.ts";
import { divide, sampleOf } from "./split.ts";
import { ceilingFiles, hasStrata, strataExamples } from "./strata.ts";

/** `data.task` of a synthetic run, its default filled in: the key of its data is the same with and without. */
export const worldTask = ({ task }: Config["data"]): string => (task === "" ? "synthetic_tag" : task);

/** Names of the tasks that a synthetic run asks for. */
export const worldTasks = (data: Config["data"]): string[] =>
  worldTask(data)
    .split(",")
    .map((name) => name.trim());

/** The seeded world of the run's seed. Users of different splits are different people, drawn from separate counters. */
export async function syntheticData(config: Config, show: Show): Promise<Gathered> {
  if (config.seed >= FIRST_PRETRAINING_SEED)
    throw new TagprError("usage", `seed ${config.seed}: seeds from ${FIRST_PRETRAINING_SEED} on made the base model`, {
      hint: `Choose a seed below ${FIRST_PRETRAINING_SEED}.`,
    });
  const { min_items: minItems, max_items: maxItems, ...rates } = config.data.world;
  const world = makeWorld(config.seed, { ...rates, minItems, maxItems });
  const shapes = worldTasks(config.data).map(shapeOf);
  const parts = shapes.map((shape) => splitsOf(world, shape, config));
  const tasks = shapes.map((shape) => loadTask(shape.task));
  const all = async (name: SplitName): Promise<ShownExample[]> => {
    const shown: ShownExample[] = [];
    for (const [i, task] of tasks.entries())
      for (const example of parts[i]?.[name] ?? []) shown.push(await show(task, example));
    return shown;
  };
  const splits = {
    ...{ chains: await all("chains"), rl: await all("rl"), prmu: await all("prmu") },
    ...{ dev: await all("dev"), test: await all("test") },
  };
  const cases = zipStrict(
    parts.flatMap(({ test }) => test),
    splits.test,
  ).map(([example, { shown }]) => ({ example, shown }));
  return {
    tasks,
    splits,
    extras: {
      [WORLD_FILE]: { ...world, almanac: almanac(world, shapes) },
      ...ceilingFiles(world, shapes, cases, config),
    },
  };
}

function splitsOf(world: World, shape: Shape, config: Config): Record<SplitName, readonly Example[]> {
  const { seed, data } = config;
  const minItems = Math.max(data.min_items, 1);
  const draw = (split: string, users: number, wanted: number): Example[] => {
    const queriesPerUser = Math.ceil(wanted / users);
    return [...examples(world, shape, { split, users, queriesPerUser, minItems })];
  };
  const rl = data.rl_of[shape.task] ?? data.rl;
  const train = draw("train", data.users.train, data.chains + rl + data.prmu);
  const byId = new Map(train.map((example) => [example.id, example]));
  const ids = stream(seed, "data", shape.task, "train").shuffle(train.map(({ id }) => id));
  const cut = divide(ids, { ...data, rl });
  const pick = (wanted: ReadonlySet<QueryId>): Example[] => [...wanted].flatMap((id) => byId.get(id) ?? []);
  return {
    chains: pick(cut.chains),
    rl: pick(cut.rl),
    prmu: pick(cut.prmu),
    dev: sampleOf(draw("dev", data.users.dev, data.dev), data.dev, seed, shape.task, "dev"),
    test: hasStrata(data)
      ? strataExamples(world, shape, config, pick(cut.rl))
      : sampleOf(draw("test", data.users.test, data.test), data.test, seed, shape.task, "test"),
  };
}
