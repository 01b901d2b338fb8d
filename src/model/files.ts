import { existsSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../core/errors.ts";
import { readJson } from "../core/jsonl.ts";
import { ABLATION_STAGES, type AblationStage } from "../core/stages.ts";
import type { Task } from "../data/task.ts";

type AblationModel = Exclude<AblationStage, `prmu-${string}`>;
const ABLATION_MODELS = ABLATION_STAGES.map(({ name }) => name).filter(
  (name): name is AblationModel => !name.startsWith("prmu"),
);
const MODELS = ["explore", "guided", "sft", "rejection", "gold", "gold-full", "prlm-sft", "prlm"] as const;
export type ModelStage = (typeof MODELS)[number] | AblationModel;
/** The stages of a run that write a model which answers, the furthest trained first; the last ones are rivals of the method, and its ablations. */
export const MODEL_STAGES: readonly ModelStage[] = [...MODELS, ...ABLATION_MODELS];
/** Those that write one model a task (the paper's -Ind). */
export const TASK_STAGES = ["gold-ind", "sft-ind"] as const;
export type TaskStage = (typeof TASK_STAGES)[number];
/** Whether a stage trains one model a task. */
export const isPerTask = (stage: string): stage is TaskStage => TASK_STAGES.some((one) => one === stage);
/** Those that write a text encoder which works beside the base model. */
export type EncoderStage = SoftStage | "hydra" | "prlm-reward";
/** Those whose encoder makes soft tokens. */
export type SoftStage = "pplug" | "pplug-labels";

/** Weights that a loop has chosen. */
export interface Trained {
  /** `tinker://` path of the weights, for sampling and further training; the base model's name where no step was better. */
  readonly path: string;
  readonly step: number;
  /** What it was chosen by, higher is better; null where nothing was measured. */
  readonly score: number | null;
}

/** Score on the dev slice, higher is better: the mean of the greedy answers' and the sampled ones'. */
export interface DevLook {
  readonly score: number;
  readonly greedy: number;
  readonly sampled: number;
}

/** What was trained, and whether it or what the stage began with is handed on. */
export interface Guard {
  /** Path of the trained weights, and the step they are of. */
  readonly trained: string;
  readonly step: number;
  /** Looks at dev that the comparison took. */
  readonly looks: number;
  readonly kept: "trained" | "start";
  readonly dev: { readonly start: DevLook; readonly trained: DevLook };
}

/** `RUN/<stage>/model.json`: what a training stage hands on. */
export interface ModelFile extends Trained {
  /** Weights and optimizer at the end, where there are any. */
  readonly state: string | null;
  /** The models by task, where the stage trains one a task; `path` is then the first one's. */
  readonly of?: Readonly<Record<string, Trained>>;
  /** How `path` does on dev, where that was looked at. */
  readonly dev?: DevLook;
  /** Where a stage compared what it trained with what it began with (`choose.guard`). */
  readonly guard?: Guard;
  /** Key of the stage that made it: equal paths of different makings are different models. */
  readonly made_by: string;
}

export const modelPath = (run: string, stage: ModelStage | TaskStage | EncoderStage): string =>
  join(run, stage, "model.json");

/** The model of a stage; where it trains one a task, that of `task`. @throws TagprError `run` where that task has none */
export function readModel(run: string, stage: ModelStage | TaskStage | EncoderStage, task?: string): ModelFile {
  const file = readJson<ModelFile>(modelPath(run, stage));
  if (task === undefined) return file;
  const own = file.of?.[task];
  if (own === undefined)
    throw new TagprError("run", `${modelPath(run, stage)} holds no model of ${task}`, {
      hint: "Models that were trained one a task answer the tasks of their run alone: leave the -ind methods out.",
    });
  return { ...file, ...own };
}

/** The stages of a run whose model is there, the furthest trained first. */
export const trainedStages = (run: string): ModelStage[] =>
  MODEL_STAGES.filter((stage) => existsSync(modelPath(run, stage)));

/** What every prompt of a run hangs on. */
export const ASKING_FILES = ["data/tasks.json", "chains/tags.json"] as const;
const [TASKS, TAGS] = ASKING_FILES;

export const readTasks = (run: string): Task[] => readJson<Task[]>(join(run, TASKS));
/** The allowed tags of a run. */
export const readTags = (run: string): string[] => readJson<{ tags: string[] }>(join(run, TAGS)).tags;
