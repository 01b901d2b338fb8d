import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { hashable } from "../core/config/added.ts";
import { readJson } from "../core/jsonl.ts";
import { filesBelow, hashFile, hashJson } from "../core/run-dir.ts";
import { ICU_VERSION } from "../core/words.ts";
import type { Task } from "../data/task.ts";
import { conventionOf } from "../metrics/score.ts";
import type { Stage, StageContext } from "./stage.ts";

type KeyInputs = Pick<StageContext, "run" | "config" | "modelDir">;

/** Files larger than this are told apart by size and time of change: hashing a large model on every start costs minutes. */
const LARGE = 256 << 20;

/**
 * Hash of everything that a stage's outputs depend on: its part of the config, the seed, the content of the files it
 * reads, what it reads from outside. Null while one of its inputs is missing.
 */
export async function stageKey(stage: Stage, { run, config, modelDir }: KeyInputs): Promise<string | null> {
  const inputs: Record<string, string> = {};
  for (const file of stage.reads(config)) {
    const path = join(run, file);
    if (!existsSync(path)) return null;
    inputs[file] = await hashFile(path);
  }
  const outside = (await stage.outside?.(config, { modelDir })) ?? null;
  const icu = stage.name !== "data" && countsByIcu(run) ? { icu: ICU_VERSION } : {};
  return hashJson({
    stage: stage.name,
    seed: config.seed,
    config: stage.config(hashable(config)),
    inputs,
    outside,
    ...icu,
  });
}

/** Whether any task of the run counts words that ICU's dictionaries may have parted: every language but English and Chinese. */
function countsByIcu(run: string): boolean {
  const path = join(run, "data", "tasks.json");
  return existsSync(path) && readJson<Task[]>(path).some((task) => conventionOf(task) === "words");
}

/** Identity of a file, or of all files below a folder; of a name that is neither (a hub's), the name. */
export async function identity(path: string): Promise<unknown> {
  if (!existsSync(path)) return path;
  if (!statSync(path).isDirectory()) return fileIdentity(path);
  const files: Record<string, string> = {};
  for (const name of filesBelow(path)) files[name] = await fileIdentity(join(path, name));
  return files;
}

async function fileIdentity(path: string): Promise<string> {
  const { size, mtimeMs } = statSync(path);
  return size > LARGE ? `${size}@${mtimeMs}` : hashFile(path);
}
