import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../../core/jsonl.ts";
import type { Dataset } from "../dataset.ts";
import { readAnswers } from "../lamp/read.ts";
import type { Task } from "../task.ts";
import { SHAPES } from "./shapes.ts";

/**
 * What makes a run's numbers synthetic: this file in its data folder. A run that draws the world itself writes constants
 * and almanac into it, one that reads files of `tagpr data world` the names of their tasks ({@link DrawnFile}).
 */
export const WORLD_FILE = "world.json";

export interface DrawnFile {
  /** The run's tasks whose data the world drew. */
  readonly tasks: readonly string[];
}

/** Whether the numbers of a run, or some of them, are of the synthetic world. Every label hangs on this. */
export const isSyntheticRun = (run: string): boolean => existsSync(join(run, "data", WORLD_FILE));

/** Those of a run's tasks whose data the synthetic world drew: all where the run drew it, else the ones that its files name. */
export function syntheticTasks(run: string, tasks: readonly Task[]): readonly string[] {
  if (!isSyntheticRun(run)) return [];
  const { tasks: named } = readJson<Partial<DrawnFile>>(join(run, "data", WORLD_FILE));
  return named ?? tasks.map(({ name }) => name);
}

/** Whether a folder's golds name a task of the world, as `tagpr data world` writes them, whatever task they are read as. */
export async function isDrawn({ splits }: Dataset): Promise<boolean> {
  for (const { outputs } of Object.values(splits)) {
    if (outputs === null) continue;
    const { task } = await readAnswers(outputs, { onProblem: () => {} });
    if (Object.values(SHAPES).some((shape) => shape.task === task)) return true;
  }
  return false;
}
