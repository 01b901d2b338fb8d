import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../core/errors.ts";
import { packageRoot } from "../core/installation.ts";
import { nearest } from "../core/yaml-file.ts";
import type { Wish } from "../engine/download.ts";
import type { Engines } from "../engine/engines.ts";
import { isExport, isModelName, readExport } from "../model/export-file.ts";
import { MODEL_STAGES, TASK_STAGES } from "../model/files.ts";
import { type OpenedModel, openModel } from "../model/open.ts";
import { configOfRun } from "../model/record.ts";
import { RETRIEVERS } from "../retrieval/retrieve.ts";
import type { AnswerTools } from "../serve/answer.ts";
import { openAsker } from "../serve/asker.ts";
import type { Compute } from "../serve/compute.ts";
import type { App } from "./app.ts";
import { at, NO_DOWNLOAD, positiveNumber, taskName } from "./commands/options.ts";
import { ensureModels } from "./download-models.ts";
import { modelDir } from "./engines.ts";
import type { Io } from "./io.ts";

/** Flags of the commands that ask a model. */
export interface AnsweringFlags {
  readonly task?: string | undefined;
  readonly stage?: OpenedModel["stage"] | undefined;
  readonly retriever?: (typeof RETRIEVERS)[number] | undefined;
  readonly k?: number | undefined;
  readonly device?: "auto" | "cpu" | "cuda" | undefined;
  readonly dtype?: "auto" | "float32" | "bfloat16" | undefined;
  readonly threads?: number | undefined;
  /** `--no-download` says no. */
  readonly download: boolean;
  /** For a question or two: no time is spent on measuring which type is the faster one. */
  readonly settle?: boolean;
}

export const MODEL_HELP = "a run, an exported folder, or a base model by its folder or name";

export const FLAGS = {
  task: new Option("--task <task>", "what is asked: a name, or a task's YAML file (default: the model's own)"),
  stage: new Option(
    "--stage <stage>",
    "of a run: whose model, explore, guided, sft, …, of an ablation (explore-no-sft), or base (default: the furthest trained)",
  ).argParser(stageNamed),
  retriever: new Option("--retriever <name>", "how the shown items are chosen (default: the model's own)").choices(
    RETRIEVERS,
  ),
  k: new Option("--k <n>", "items shown (default: the model's own)").argParser(positiveNumber),
  device: new Option("--device <device>", "where it computes (default: the run's, else auto)").choices([
    "auto",
    "cpu",
    "cuda",
  ] as const),
  dtype: new Option(
    "--dtype <type>",
    "compute type (default: the run's, else what is measured faster; of answer float32)",
  ).choices(["auto", "float32", "bfloat16"] as const),
  threads: new Option("--threads <n>", "CPU threads of an engine (default: the run's, else all cores)").argParser(
    positiveNumber,
  ),
  download: NO_DOWNLOAD,
};

/** A stage by its name. @throws InvalidArgumentError with those that there are */
function stageNamed(text: string): OpenedModel["stage"] {
  const stages = [...MODEL_STAGES, ...TASK_STAGES, "base"] as const;
  const found = stages.find((one) => one === text);
  if (found !== undefined) return found;
  const near = nearest(text, stages);
  throw new InvalidArgumentError(
    `No stage of that name trains a model that answers${near === undefined ? "" : ` (did you mean ${near}?)`}. They are ${stages.join(", ")}.`,
  );
}

export interface Answering {
  /** By name: the model, then the base that it began with where that was asked for and is another. */
  readonly askers: ReadonlyMap<string, AnswerTools>;
  readonly engines: Engines;
  readonly close: () => Promise<void>;
}

/**
 * Opens a model, and beside it the base that it began with: not, where it must be there, or where it can be. Engines start with
 * the first question. What `elsewhere` samples is this model alone. What only the hub has is fetched, but for a base that
 * merely can be there.
 * @returns null where a signal ended the download of a model
 */
export async function openAnswering(
  app: App,
  name: string,
  flags: AnsweringFlags,
  base: "no" | "must" | "may",
  elsewhere?: Compute,
): Promise<Answering | null> {
  const { io } = app;
  const place = placeOf(io, name);
  const weights = elsewhere === undefined;
  const open = async (stage: OpenedModel["stage"] | undefined): Promise<OpenedModel> =>
    withFlags(
      await openModel(place, {
        modelDir: (one) => modelDir(io, one),
        ...(stage === undefined ? {} : { stage }),
        ...(flags.task === undefined ? {} : { task: taskName(io, flags.task) }),
      }),
      flags,
    );
  if (!(await ensureModels(app, namedBy(place, weights, base === "must" || flags.stage === "base"), flags)))
    return null;
  const model = await open(flags.stage);
  if (!(await ensureModels(app, embedderOf(model), flags))) return null;
  const models: [OpenedModel, ...OpenedModel[]] = weights
    ? [model, ...(await besides(io, model, base, () => open("base")))]
    : [model];
  return opened(app, models, elsewhere);
}

/** Models that a run, an exported folder or a name calls by name: its own, and where it is wanted the base. */
function namedBy(place: string, weights: boolean, base: boolean): Wish[] {
  if (existsSync(join(place, "run.json"))) {
    const { model, engines } = configOfRun(place);
    return [{ name: model, weights: weights && engines.policy.kind === "embedded" }];
  }
  if (!existsSync(place)) return [{ name: place, weights }];
  const of = base && isExport(place) ? readExport(place).base : "";
  return isModelName(of) ? [{ name: of, weights }] : [];
}

/** That of a dense retriever, where an engine of ours computes it. */
const embedderOf = ({ retriever, config }: OpenedModel): Wish[] =>
  retriever.method === "dense" && config.engines.embeddings.kind === "embedded"
    ? [{ name: config.engines.embeddings_model, weights: true }]
    : [];

function opened(app: App, models: readonly [OpenedModel, ...OpenedModel[]], elsewhere: Compute | undefined): Answering {
  const [model] = models;
  const scratch = model.run === null ? mkdtempSync(join(tmpdir(), "tagpr-")) : null;
  const clear = (): void => {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const engines = app.openEngines({
      ...{ config: model.config, run: model.run ?? scratch ?? "", io: app.io },
      also: models.map(({ modelDir: folder }) => folder),
    });
    const close = async (): Promise<void> => {
      await engines.close();
      clear();
    };
    return { askers: new Map(models.map((one) => [one.name, openAsker(one, engines, elsewhere)])), engines, close };
  } catch (error) {
    clear();
    throw error;
  }
}

async function besides(
  io: Io,
  { name, stage }: OpenedModel,
  base: "no" | "must" | "may",
  open: () => Promise<OpenedModel>,
): Promise<OpenedModel[]> {
  if (base === "must" && stage === "base")
    throw new TagprError("usage", `${name} is a base model itself: there is nothing to compare`, {
      hint: "Name a run or an exported folder, or leave --compare out.",
    });
  if (base === "no" || stage === "base") return [];
  try {
    return [await open()];
  } catch (error) {
    if (base === "must" || !(error instanceof TagprError)) throw error;
    io.err(`The base model is not served: ${error.message}\n`);
    return [];
  }
}

/** A folder from where the command stands, one that comes with TagPR, else a name. */
function placeOf(io: Io, name: string): string {
  return [at(io, name), resolve(packageRoot(), name)].find((path) => existsSync(path)) ?? name;
}

function withFlags(model: OpenedModel, flags: AnsweringFlags): OpenedModel {
  const { retriever, k, device, dtype, settle, threads } = flags;
  const { config } = model;
  const { policy, embeddings } = config.engines;
  const usual = settle === true && policy.dtype === "auto" ? "float32" : policy.dtype;
  const shared = threads === undefined ? {} : { threads };
  const engine = { ...policy, ...shared, device: device ?? policy.device, dtype: dtype ?? usual };
  return {
    ...model,
    retriever: { ...model.retriever, method: retriever ?? model.retriever.method, k: k ?? model.retriever.k },
    config: { ...config, engines: { ...config.engines, policy: engine, embeddings: { ...embeddings, ...shared } } },
  };
}
