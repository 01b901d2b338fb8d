import { writeLamp } from "../../data/lamp/write.ts";
import { examples } from "../../data/synthetic/examples.ts";
import { makeWorld } from "../../data/synthetic/world.ts";
import { loadTask } from "../../data/task-file.ts";
import { OWN } from "../../suites/cells.ts";
import type { OpenedSuite } from "./open-suite.ts";

/**
 * Writes `generalisation.shapes` in LaMP's layout, as `tagpr data world` does: people of the first cell's world of whom
 * nothing was trained on. Written anew each time: equal settings give equal files, and others those that were asked for.
 */
export async function writeShapes({ suite, shapes, cells, runConfig }: OpenedSuite): Promise<void> {
  const [first] = cells;
  if (first === undefined) return;
  const { seed, data } = runConfig({ variant: OWN, seed: first.seed });
  const { min_items: minItems, max_items: maxItems, ...rates } = data.world;
  const world = makeWorld(seed, { ...rates, minItems, maxItems });
  for (const { shape, dir } of shapes) {
    const people = { split: "elsewhere", users: suite.generalisation.users, queriesPerUser: 1 };
    await writeLamp(dir, "dev", loadTask(shape.task), examples(world, shape, people));
  }
}
