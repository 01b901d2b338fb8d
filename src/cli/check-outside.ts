import { existsSync } from "node:fs";
import { join } from "node:path";
import { byConfig } from "../core/ablations.ts";
import { backbone, hasRewardModel } from "../core/config/reward-model.ts";
import { type Config, configSchema } from "../core/config/schema.ts";
import { teachersOf } from "../core/config/teachers.ts";
import { TagprError } from "../core/errors.ts";
import { enginePython, modelsDir } from "../core/installation.ts";
import { STAGE_NAMES, type StageName, stageOf } from "../core/stages.ts";
import { splitOf } from "../data/dataset.ts";
import type { Wish } from "../engine/download.ts";
import { contextOf, findModel, notHere, type Whereabouts } from "../engine/model-dir.ts";
import { missingPackages, SETUP_HINT } from "../engine/requirements.ts";
import { methodsOf } from "../methods/index.ts";
import { readTasks } from "../model/files.ts";
import { readRecord } from "../model/record.ts";
import { methodsLack } from "../run/evaluation/outside.ts";
import { evaluationFolders } from "../run/evaluation/questions.ts";
import { taskWeightFaults } from "../run/reward-faults.ts";
import { openFolder } from "../run/stages/data-files.ts";
import { mayWeigh, signalsLack } from "../run/stages/own-signals.ts";
import type { Io } from "./io.ts";

interface Wanted {
  readonly run: string;
  readonly config: Config;
  readonly only?: readonly StageName[];
}

/**
 * The models and the folders of data that the wanted stages use are there, their task what the config says; and so are
 * those that the run's own record doesn't name yet, which would be kept in it. Starts, unpacks and downloads nothing.
 * @returns models of the hub that are still to be downloaded; what hangs on them is checked once they are there
 */
export async function checkOutside(io: Io, { run, config, only = STAGE_NAMES }: Wanted): Promise<Wish[]> {
  // One of an older version names fewer settings; of one that can't be read any more nothing counts as named.
  const before = configSchema.safeParse(readRecord(run)?.config).data;
  const named = before === undefined ? [] : modelsUsed(before, STAGE_NAMES).map(({ name }) => name);
  const added = before === undefined ? [] : modelsUsed(config, STAGE_NAMES).filter(({ name }) => !named.includes(name));
  const absent = once([...modelsUsed(config, only), ...added]).filter((wish) => found(io, wish).at === "hub");
  requirePackages(io, config, only);
  requireRoom(io, config, only);
  const [lacking] = [...signalFaults(io, config, only), ...methodFaults(io, config, only)];
  if (lacking !== undefined) throw lacking;
  await checkData({ run, config, only }, before);
  return absent;
}

async function checkData({ run, config, only }: Required<Wanted>, before: Config | undefined): Promise<void> {
  if (only.includes("eval")) await requireEvaluationFolders(config);
  if (config.data.source !== "files") return;
  if (only.includes("data") || changed(config.data, before?.data)) await requireFolders(config);
  else if (existsSync(join(run, "data", "tasks.json")))
    requireTasks(
      config,
      readTasks(run).map(({ name }) => name),
    );
}

/** Folders of data that can be read, and no weight for a task that none of them holds. */
async function requireFolders(config: Config): Promise<void> {
  const tasks: string[] = [];
  for (const path of config.data.paths) {
    const dataset = await openFolder(path, config.data);
    for (const split of ["train", "dev"] as const) splitOf(dataset, split);
    tasks.push(dataset.task.name);
  }
  if (tasks.length > 0) requireTasks(config, tasks);
}

/** Those of `eval.paths` can be read, and say what task they hold. */
async function requireEvaluationFolders(config: Config): Promise<void> {
  const data = evaluationFolders(config);
  for (const path of data.paths) await openFolder(path, data);
}

function requireTasks(config: Config, tasks: readonly string[]): void {
  const [fault] = taskWeightFaults(config, tasks);
  if (fault !== undefined) throw new TagprError("usage", fault.message, { hint: fault.hint });
}

const signalFaults = (io: Io, config: Config, only: readonly StageName[]): TagprError[] =>
  byConfig(config, only).flatMap(({ config: own, stages }) =>
    (["guided", "explore"] as const).flatMap((stage) =>
      stages.includes(stage) ? signalsLack(own, stage, (name) => io.env[name]) : [],
    ),
  );

const methodFaults = (io: Io, config: Config, only: readonly StageName[]): TagprError[] =>
  only.includes("eval") ? methodsLack(config, (name) => io.env[name]) : [];

/**
 * The same for a config that has no run yet, and every stage. A model of the hub that isn't here is no fault of the
 * config, nor is a key that isn't set; both are told in the answer, one error each.
 * @throws TagprError for everything else that would end a run before it begins
 */
export async function checkConfigOutside(io: Io, config: Config): Promise<TagprError[]> {
  const absent = absentModels(io, config).map(({ name }) => notHere(name));
  requireRoom(io, config, STAGE_NAMES);
  if (config.data.source === "files") await requireFolders(config);
  await requireEvaluationFolders(config);
  const lacking = [...signalFaults(io, config, STAGE_NAMES), ...methodFaults(io, config, STAGE_NAMES)];
  const fault = lacking.find(({ code }) => code === "usage");
  if (fault !== undefined) throw fault;
  return [...absent, ...new Map(lacking.map((one) => [one.message, one])).values()];
}

/** Models of the hub that a run of every stage would have to download. @throws TagprError where a name means nothing */
export const absentModels = (io: Io, config: Config): Wish[] =>
  once(modelsUsed(config, STAGE_NAMES)).filter((wish) => found(io, wish).at === "hub");

/** Each model once, with its weights where anything wants them. */
const once = (wishes: readonly Wish[]): Wish[] =>
  [...new Set(wishes.map(({ name }) => name))].map((name) => ({
    name,
    weights: wishes.some((wish) => wish.name === name && wish.weights),
  }));

export const found = (io: Io, { name, weights }: Wish): Whereabouts =>
  findModel(name, { modelsDir: modelsDir(io.env), env: io.env }, weights);

/**
 * Python packages that the wanted stages need and that aren't installed; [] when all are.
 * @throws TagprError where Python itself can't be run
 */
export function packagesLacking(io: Io, config: Config, only: readonly StageName[] = STAGE_NAMES): string[] {
  const wants = (...stages: StageName[]): boolean => stages.some((stage) => only.includes(stage));
  const { policy, reward, embeddings } = config.engines;
  const engine =
    (policy.kind === "embedded" && only.some(asksPolicy)) ||
    (reward.kind === "embedded" && scores(config, only)) ||
    (embeddings.kind === "embedded" && wants("chains"));
  const packed = modelsUsed(config, only).flatMap((wish) => {
    const place = found(io, wish);
    return place.at === "package" ? [place.pip] : [];
  });
  if (!engine && packed.length === 0) return [];
  return missingPackages(enginePython(io.env), { engine, also: [...new Set(packed)] }, io.env);
}

/** A package that is missing is told before anything has worked, not where it is first used. */
function requirePackages(io: Io, config: Config, only: readonly StageName[]): void {
  const lacking = packagesLacking(io, config, only);
  if (lacking.length === 0) return;
  const which = `${enginePython(io.env)} lacks ${lacking.join(", ")}`;
  throw new TagprError("environment", `this run needs Python packages that are not installed: ${which}`, {
    hint: SETUP_HINT,
  });
}

/** The policy's context holds a prompt and a response as long as they may be, or its engine would refuse them much later. */
function requireRoom(io: Io, config: Config, only: readonly StageName[]): void {
  const { model, prompt } = config;
  const plain = new Set(only.map((name) => stageOf(name).stage));
  const asks = (["prmu", "guided", "explore", "eval"] as const).filter((stage) => plain.has(stage));
  if (asks.length === 0) return;
  const place = found(io, { name: model, weights: false });
  const context = place.at === "folder" ? contextOf(place.dir) : null;
  if (context === null) return;
  const tooLong = asks.find((stage) => prompt.max_tokens + config[stage].max_tokens > context);
  if (tooLong === undefined) return;
  throw new TagprError(
    "usage",
    `${tooLong}.max_tokens: a prompt of ${prompt.max_tokens} tokens and a response of ${config[tooLong].max_tokens} don't fit into the context of ${model}, ${context} tokens`,
    { hint: `Lower ${tooLong}.max_tokens or prompt.max_tokens; histories are cut to fit the prompt.` },
  );
}

/** Models that are read here: through a Tinker server too, the policy's and the reward model's tokenizers are. */
function modelsUsed(config: Config, only: readonly StageName[]): Wish[] {
  const { model, profile, engines } = config;
  const wants = (...stages: StageName[]): boolean => stages.some((stage) => only.includes(stage));
  const policy = only.some(asksPolicy) || (wants("chains") && teachersOf(config).some(({ kind }) => kind === "self"));
  const reward = scores(config, only);
  const embeds =
    wants("chains") ||
    wants("pplug", "pplug-labels", "hydra", "prlm-reward", "prlm", "prlm-sft") ||
    (wants("data") && profile.retriever === "dense") ||
    (wants("eval") && evaluationRetriever(config) === "dense");
  return [
    ...(policy ? [{ name: model, weights: engines.policy.kind === "embedded" }] : []),
    ...(reward ? [{ name: backbone(config), weights: engines.reward.kind === "embedded" }] : []),
    ...(embeds && engines.embeddings.kind === "embedded" ? [{ name: engines.embeddings_model, weights: true }] : []),
  ];
}

/** Whether a stage trains or samples the policy, whatever the config says. */
const asksPolicy = (stage: StageName): boolean => !["data", "chains", "report"].includes(stage);

/** Who chooses items for the evaluation alone, where someone does; a record of an older version doesn't say. */
function evaluationRetriever({ profile, eval: evaluation }: Config): string | undefined {
  const { profile: own, paths }: Partial<Config["eval"]> = evaluation;
  return own?.retriever ?? (own?.k !== undefined || (paths?.length ?? 0) > 0 ? profile.retriever : undefined);
}

/** Whether one of the stages trains a reward model, or scores with one. */
const scores = (whole: Config, only: readonly StageName[]): boolean =>
  byConfig(whole, only).some(
    ({ config, stages }) =>
      hasRewardModel(config) &&
      (stages.includes("prmu") ||
        stages.includes("guided") ||
        (stages.includes("explore") && mayWeigh(config, "explore", "personalization")) ||
        (stages.includes("eval") && methodsOf(config).some(({ scored }) => scored === true))),
  );

const changed = (now: Config["data"], before: Config["data"] | undefined): boolean =>
  before !== undefined && JSON.stringify([now.paths, now.task]) !== JSON.stringify([before.paths, before.task]);
