import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { reloadConfig } from "../core/config/load.ts";
import { type Config, configSchema } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { readJson } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";
import { parseTask } from "../data/task-file.ts";
import { MODEL_STAGES, type ModelStage } from "./files.ts";

type Exported = Exclude<ModelStage, "explore">;
/** A model of a run that can be exported: TagPR's, another stage's by its name, or the reward model. */
export type ModelName = "tagpr" | "prmu" | Exported;
const OTHERS = MODEL_STAGES.filter((stage): stage is Exported => stage !== "explore");
export const MODEL_NAMES: readonly ModelName[] = ["tagpr", ...OTHERS, "prmu"];

/** The stage that trained a policy. */
export const stageOfModel = (model: Exclude<ModelName, "prmu">): ModelStage => (model === "tagpr" ? "explore" : model);

/** What `tagpr.json` beside exported weights says of how the model is asked. */
export interface ExportFile {
  readonly model: ModelName;
  /** The base model, as its run called it. */
  readonly base: string;
  readonly tags: readonly string[];
  /** Those of the run; exports of older versions name none. */
  readonly tasks: readonly Task[];
  readonly config: Config;
}

const exportPath = (dir: string): string => join(dir, "tagpr.json");
export const isExport = (dir: string): boolean => existsSync(exportPath(dir));

const schema = z.looseObject({
  model: z.enum(MODEL_NAMES),
  base: z.string(),
  tags: z.array(z.string().regex(/^[A-Za-z][\w-]{0,79}$/, "no tag")).max(1000),
  tasks: z.array(z.unknown()).default([]),
  config: z.unknown(),
});

/**
 * Reads an exported folder's `tagpr.json`. It may come from anywhere, so nothing in it chooses an engine to connect to, a key
 * to send, code to load or a file to read. @throws TagprError `data`, `usage` where it is no such file
 */
export function readExport(dir: string): ExportFile {
  const path = exportPath(dir);
  const read = schema.safeParse(readJson<unknown>(path));
  if (!read.success)
    throw new TagprError("data", `${path} is not what \`tagpr export\` writes: ${z.prettifyError(read.error)}`, {
      hint: "Export the model again, or take the file away and ask the folder as a base model, with --task.",
    });
  const { model, base, tags, tasks, config } = read.data;
  return {
    ...{ model, base, tags },
    tasks: tasks.map((task, i) => parseTask(JSON.stringify(task), `${path} (tasks[${i}])`)),
    config: harmless(reloadConfig(config, `${path} (config)`)),
  };
}

/** A name that a model hub or a package knows, and no path. */
export const isModelName = (name: string): boolean => /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/.test(name);

function harmless(config: Config): Config {
  const { engines, rewards } = configSchema.parse({});
  const { embeddings_model: named } = config.engines;
  return { ...config, rewards, engines: isModelName(named) ? { ...engines, embeddings_model: named } : engines };
}
