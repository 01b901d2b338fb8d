import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { type Config, configSchema } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { DEFAULT_TAGS } from "../core/tags.ts";
import type { Task } from "../data/task.ts";
import { loadTask } from "../data/task-file.ts";
import { contextOf } from "../engine/model-dir.ts";
import type { PromptStyle } from "../prompts/chat.ts";
import type { RetrieveOptions } from "../retrieval/retrieve.ts";
import { type ModelDir, namedTags } from "./asking.ts";
import { type ExportFile, isExport, isModelName, readExport, stageOfModel } from "./export-file.ts";
import {
  ASKING_FILES,
  isPerTask,
  type ModelStage,
  modelPath,
  readModel,
  readTags,
  readTasks,
  type TaskStage,
  trainedStages,
} from "./files.ts";
import { onMachine } from "./machine.ts";
import { configOfRun, readRecord } from "./record.ts";

/** A model that can be asked, and how it was taught to be: plain data, nothing is running yet. */
export interface OpenedModel {
  readonly kind: "run" | "export" | "base";
  /** The name by which people and clients know it: `quickstart`, `quickstart-sft`. */
  readonly name: string;
  /** What a training stage wrote, or `base`, also where no step of the stage was better than the base model. */
  readonly stage: ModelStage | TaskStage | "base";
  /** Folder with tokenizer, chat template and config. */
  readonly modelDir: string;
  /** What an engine samples: a `tinker://` path that stands in the run's store, a model's folder, or a remote engine's name of one. */
  readonly weights: string;
  /** The run whose store holds the weights; null for a folder. */
  readonly run: string | null;
  /** Those that it can be asked, one or more; the first where nothing is said. */
  readonly tasks: readonly Task[];
  /** The allowed tags of a chain. */
  readonly tags: readonly string[];
  /** Whether it reasons, and which tags its system prompt names. */
  readonly style: PromptStyle;
  /** Tokens of a prompt and of a response at most. */
  readonly promptTokens: number;
  readonly responseTokens: number;
  /** How the shown items are chosen of a history. */
  readonly retriever: Pick<RetrieveOptions, "method" | "k" | "characters" | "seed">;
  /** The engines that it asks, and the embedding model of a dense retriever. */
  readonly config: Config;
}

export interface OpenOptions {
  readonly modelDir: ModelDir;
  /** Of a run: whose model; without it the furthest trained. `base`: the model that it began with. */
  readonly stage?: OpenedModel["stage"];
  /** One of the model's tasks by name, or any other by its name or YAML file. */
  readonly task?: string;
}

/**
 * Opens a run's folder, an exported one, a base model's, or the hub name of one. @throws TagprError that says what is missing: a
 * stage, a task, a model
 */
export async function openModel(name: string, options: OpenOptions): Promise<OpenedModel> {
  if (existsSync(join(name, "run.json"))) return openRun(name, options);
  const dir = await options.modelDir(name);
  return isExport(dir) ? openExport(name, dir, options) : openBase(name, dir, options);
}

const [TASKS, TAGS] = ASKING_FILES;

async function openRun(run: string, { modelDir, stage: wanted, task }: OpenOptions): Promise<OpenedModel> {
  const machine = readRecord(run)?.machine;
  const recorded = configOfRun(run);
  const config = machine === undefined ? recorded : onMachine(recorded, machine);
  const stage = wanted ?? trainedStages(run)[0];
  if (stage === undefined) throw untrained(run);
  if (stage !== "base" && !existsSync(modelPath(run, stage)))
    throw new TagprError("run", `${modelPath(run, stage)} is not there: ${stage} is not done`, {
      hint: `First run \`tagpr ${stage} ${run}\`, or choose another with --stage.`,
    });
  const known = existsSync(join(run, TASKS)) ? readTasks(run) : [];
  const tasks = isPerTask(stage) ? [onlyTask(known, task, run, stage)] : chosen(known, task, run);
  const of = isPerTask(stage) ? tasks[0]?.name : undefined;
  const weights = stage === "base" ? config.model : readModel(run, stage, of).path;
  return {
    ...asked(config, existsSync(join(run, TAGS)) ? readTags(run) : DEFAULT_TAGS, stage),
    kind: "run",
    name: wanted === undefined ? basename(run) : `${basename(run)}-${stage}`,
    stage: weights === config.model ? "base" : stage,
    modelDir: await modelDir(config.model),
    weights,
    run,
    tasks,
  };
}

/** The task whose model is asked, of a stage that trains one a task. */
function onlyTask(own: readonly Task[], named: string | undefined, run: string, stage: TaskStage): Task {
  const [only] = own.length === 1 ? own : own.filter(({ name }) => name === named);
  if (only !== undefined && (named === undefined || only.name === named)) return only;
  throw new TagprError(
    "usage",
    named === undefined
      ? `${stage} of ${run} holds one model a task, and no task is named`
      : `${stage} of ${run} holds no model of ${named}`,
    { hint: `Name one of its tasks with --task: ${own.map(({ name }) => name).join(", ")}.` },
  );
}

function untrained(run: string): TagprError {
  return new TagprError("run", `${run} has no trained model yet`, {
    hint: `Its stages make one: \`tagpr run CONFIG.yaml --out ${run}\`. Its base model answers with --stage base.`,
  });
}

/** What has learnt to answer at once is asked so. */
const reasons = ({ sft }: Config, stage: OpenedModel["stage"]): boolean =>
  !stage.startsWith("gold") && !((stage === "sft" || stage === "sft-ind") && sft.form === "gold");

/** How a stage's model has learnt to be asked; PrLM from the base model (arXiv 2508.07342) knows no tags. */
export function styleOf(config: Config, stage: OpenedModel["stage"], tags: readonly string[]): PromptStyle {
  const reasoning = reasons(config, stage);
  return { reasoning, tags: reasoning && stage !== "prlm" ? namedTags(config, tags) : [] };
}

async function openExport(name: string, dir: string, options: OpenOptions): Promise<OpenedModel> {
  const { modelDir, stage, task } = options;
  const about = readExport(dir);
  if (about.model === "prmu")
    throw new TagprError("usage", `${name} is a reward model: it scores answers and gives none`, {
      hint: "Export the policy: tagpr export RUN --model tagpr --out DIR.",
    });
  const own = stageOfModel(about.model);
  if (stage !== undefined && stage !== "base" && stage !== own)
    throw new TagprError("usage", `${name} holds the model of ${own} alone, not of ${stage}`, {
      hint: "Leave --stage out, or name the run.",
    });
  const folder = stage === "base" ? await modelDir(baseOf(name, about)) : dir;
  const config = { ...about.config, model: folder };
  return {
    ...asked(config, about.tags, stage ?? own),
    kind: "export",
    name: stage === undefined ? basename(name) : `${basename(name)}-${stage}`,
    stage: stage ?? own,
    ...{ modelDir: folder, weights: folder, run: null },
    tasks: chosen(about.tasks, task, name),
  };
}

function baseOf(name: string, { base }: ExportFile): string {
  if (isModelName(base)) return base;
  throw new TagprError("usage", `${name} names its base model by a path of the machine that made it (${base})`, {
    hint: "Ask the base model itself, by its own folder or name, with --task.",
  });
}

function openBase(name: string, dir: string, { stage, task }: OpenOptions): OpenedModel {
  if (stage !== undefined && stage !== "base")
    throw new TagprError("usage", `${name} is a base model, no run: it has no ${stage}`, {
      hint: "Leave --stage out, or name a run.",
    });
  const usual = configSchema.parse({ model: dir });
  // A small model may have less room than prompts are usually given.
  const room = (contextOf(dir) ?? Number.POSITIVE_INFINITY) - usual.eval.max_tokens;
  const config = { ...usual, prompt: { ...usual.prompt, max_tokens: Math.min(usual.prompt.max_tokens, room) } };
  return {
    ...asked(config, DEFAULT_TAGS, "base"),
    ...{ kind: "base", name: basename(name), stage: "base", modelDir: dir, weights: dir, run: null },
    tasks: chosen([], task, name),
  };
}

type Asked = "tags" | "style" | "promptTokens" | "responseTokens" | "retriever" | "config";

function asked(config: Config, tags: readonly string[], stage: OpenedModel["stage"]): Pick<OpenedModel, Asked> {
  const { prompt, eval: evaluation, profile, seed } = config;
  return {
    ...{ tags, config },
    style: styleOf(config, stage, tags),
    promptTokens: prompt.max_tokens,
    responseTokens: evaluation.max_tokens,
    retriever: { method: profile.retriever, k: profile.k, characters: profile.characters, seed },
  };
}

/** The task that was named first, then the model's own. */
function chosen(own: readonly Task[], named: string | undefined, model: string): Task[] {
  if (named === undefined) {
    if (own.length > 0) return [...own];
    throw new TagprError("usage", `${model} does not say what task it is asked`, {
      hint: "Name one with --task: LaMP_2, or the path of a task's YAML file.",
    });
  }
  const found = own.find((task) => task.name === named);
  const task = found ?? loadTask(named);
  return [task, ...own.filter(({ name }) => name !== task.name)];
}
