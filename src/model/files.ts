import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";

/** The stages of a run that write a model which answers, the furthest trained first; the last two are rivals of the method. */
export const MODEL_STAGES = ["explore", "guided", "sft", "rejection", "gold"] as const;
export type ModelStage = (typeof MODEL_STAGES)[number];

/** `RUN/<stage>/model.json`: what a training stage hands on. */
export interface ModelFile {
  /** `tinker://` path of the weights, for sampling and further training; the base model's name where no step was better. */
  readonly path: string;
  readonly step: number;
  /** What it was chosen by, higher is better; null where nothing was measured. */
  readonly score: number | null;
  /** Weights and optimizer at the end, where there are any. */
  readonly state: string | null;
  /** Key of the stage that made it: equal paths of different makings are different models. */
  readonly made_by: string;
}

export const modelPath = (run: string, stage: ModelStage): string => join(run, stage, "model.json");
export const readModel = (run: string, stage: ModelStage): ModelFile => readJson<ModelFile>(modelPath(run, stage));

/** The stages of a run whose model is there, the furthest trained first. */
export const trainedStages = (run: string): ModelStage[] =>
  MODEL_STAGES.filter((stage) => existsSync(modelPath(run, stage)));

/** What every prompt of a run hangs on. */
export const ASKING_FILES = ["data/tasks.json", "chains/tags.json"] as const;
const [TASKS, TAGS] = ASKING_FILES;

export const readTasks = (run: string): Task[] => readJson<Task[]>(join(run, TASKS));
/** The allowed tags of a run. */
export const readTags = (run: string): string[] => readJson<{ tags: string[] }>(join(run, TAGS)).tags;
