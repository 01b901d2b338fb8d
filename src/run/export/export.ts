import { copyFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { backbone } from "../../core/config/reward-model.ts";
import { makeFolder } from "../../core/disk.ts";
import { TagprError } from "../../core/errors.ts";
import { guardDisk, readJson, readJsonl, writeAtomic, writeJson } from "../../core/jsonl.ts";
import type { Progress } from "../../core/progress.ts";
import { isSyntheticRun } from "../../data/synthetic/drawn.ts";
import type { QueryId } from "../../data/types.ts";
import type { Engines } from "../../engine/engines.ts";
import { isTinkerPath } from "../../engine/tinker-path.ts";
import type { Verifier } from "../../engine/verify.ts";
import { openAsking } from "../../model/asking.ts";
import { type ModelName, stageOfModel } from "../../model/export-file.ts";
import { ASKING_FILES, readModel, readTags, readTasks } from "../../model/files.ts";
import { styleOf } from "../../model/open.ts";
import { configOfRun, noRun, type RunRecord, readRecord } from "../../model/record.ts";
import type { Pair } from "../../prmu/pairs.ts";
import { requireLogits, rewardDatum, type ScorerFile, scoreAll, trainedModel } from "../../prmu/score.ts";
import type { ScoreItem } from "../../prmu/scorer-types.ts";
import { generate } from "../../prompts/generate.ts";
import { readSplit } from "../stages/common.ts";
import { readScorer } from "../stages/prmu.ts";
import { dataHashes, metricsOf, modelCard, type Provenance } from "./card.ts";
import { type Checked, checkPolicy, checkReward, type Said } from "./check.ts";
import { forEveryone, settleConfig, settleTokenizer } from "./settle.ts";

export interface ExportOptions {
  readonly run: string;
  /** The folder to make; it must not exist. */
  readonly out: string;
  readonly model: ModelName;
  /** Largest difference of log-probs (nats) or logits between the run's model and the exported one. */
  readonly tolerance: number;
  readonly engines: Engines;
  readonly modelDir: (name: string) => Promise<string>;
  /** Each reads the exported folder with a transformers of its own; all must agree with the run. */
  readonly verifiers: readonly Verifier[];
  readonly progress: Progress;
}

/**
 * Writes a model of a run as a Hugging Face folder: weights, tokenizer, chat template, generation config, model card,
 * and for the reward model its user table. What plain transformers reads from it is compared with what the run's own
 * model says; on drift, or any failure, nothing stays.
 */
export async function exportModel(options: ExportOptions): Promise<Checked> {
  const { run, model } = options;
  const out = resolve(options.out);
  if (existsSync(out))
    throw new TagprError("usage", `${out} exists already`, { hint: "Give --out a folder that is not there yet." });
  const written = readRecord(run);
  if (written === null) throw noRun(run);
  // A run of an older version names fewer settings.
  const record = { ...written, config: configOfRun(run) };
  const part = guardDisk(out, () => {
    makeFolder(dirname(out));
    return mkdtempSync(`${out}.part-`);
  });
  rmSync(part, { recursive: true }); // its name is ours now, the engine makes the folder
  try {
    const check = await (model === "prmu"
      ? exportReward(options, record, part)
      : exportPolicy(options, model, record, part));
    const about = await provenance(options, record, check);
    writeJson(join(part, "tagpr.json"), about);
    writeAtomic(join(part, "README.md"), modelCard(about));
    guardDisk(out, () => {
      forEveryone(part);
      renameSync(part, out);
    });
    return check;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}

async function provenance(options: ExportOptions, record: RunRecord, check: Checked): Promise<Provenance> {
  const { run, model } = options;
  const { tagpr, revision, seed, config } = record;
  // SFT on gold answers alone needs no chains, and has no tags.
  const tags = tagsOf(run);
  const tasks = readTasks(run);
  const base = model === "prmu" ? backbone(config) : config.model;
  const data = dataHashes(run);
  const synthetic = isSyntheticRun(run);
  const metrics = metricsOf(run, model);
  return { tagpr, revision, model, base, seed, tags, tasks, config, synthetic, data, check, metrics };
}

/** Queries of the dev slice whose answers are compared. */
const PROBES = 8;
/** Tokens of each that are compared. */
const PROBE_TOKENS = 128;

/** None of a run without chains: its models answer at once. */
const tagsOf = (run: string): string[] => (existsSync(join(run, ASKING_FILES[1])) ? readTags(run) : []);

async function exportPolicy(
  options: ExportOptions,
  model: Exclude<ModelName, "prmu">,
  { config }: RunRecord,
  part: string,
): Promise<Checked> {
  const { run, engines, modelDir, progress, verifiers } = options;
  const stage = stageOfModel(model);
  mustStand(run, `${stage}/model.json`, stage);
  const { path } = readModel(run, stage);
  if (!isTinkerPath(path))
    throw new TagprError(
      "usage",
      `${run}'s ${model} is the base model itself, ${config.model}: no step was better on dev`,
      {
        hint: "There is nothing to export: use that model.",
      },
    );
  const engine = await engines.policy();
  const { reasoning, tags } = styleOf(config, stage, tagsOf(run));
  const { renderer, promptOf } = await openAsking({ run, config, modelDir }, config.model, reasoning, tags);
  const prompts = readSplit(run, "dev").slice(0, PROBES).map(promptOf);
  const sampler = await engine.sampler(path);
  const ask = async (temperature: number): Promise<Said[]> => {
    const seeds = prompts.map((_, i) => i);
    const said = await generate(sampler, renderer, prompts, { n: 1, maxTokens: PROBE_TOKENS, temperature, seeds });
    return said.flatMap((group, i) =>
      group.map(({ tokens, logprobs }) => ({ prompt: prompts[i] ?? [], tokens, logprobs, greedy: temperature === 0 })),
    );
  };
  const said = [...(await ask(0)), ...(await ask(1))];
  progress.say(`Writing ${model}`);
  await engine.export(path, part);
  await addTokenizer(part, await modelDir(config.model));
  settleConfig(part);
  settleTokenizer(part);
  settleGeneration(part, renderer.eosIds, config.eval.max_tokens);
  progress.say(`Comparing ${said.length} responses with what transformers reads`);
  return worst(verifiers, async (verifier) => checkPolicy(said, await verifier.policy(part, said), options.tolerance));
}

async function exportReward(options: ExportOptions, { config }: RunRecord, part: string): Promise<Checked> {
  const { run, engines, modelDir, progress, verifiers } = options;
  mustStand(run, "prmu/scorer.json", "prmu");
  const file = readScorer(run, null);
  if (file === null || "oracle" in file)
    throw new TagprError("usage", `${run} has no reward model: its prmu.variant is ${config.prmu.variant}`, {
      hint: "Export the policy: --model tagpr.",
    });
  const engine = await engines.reward();
  const { renderer: codec, promptOf, prefix } = await openAsking({ run, config, modelDir }, backbone(config));
  const input = { codec, promptOf, prefix, rows: file.rows };
  // Every other one is scored as an unknown user's: row 0.
  const items = probeItems(run);
  const known = items.filter((_, i) => i % 2 === 0);
  const unknown = items.filter((_, i) => i % 2 === 1);
  const training = await engine.train(trainedModel(file));
  const own = requireLogits([
    ...(await scoreAll(training, input, known)),
    ...(await scoreAll(training, input, unknown, () => 0)),
  ]);
  await training.unload();
  progress.say("Writing prmu");
  await engine.export(file.path, part);
  await addTokenizer(part, await modelDir(backbone(config)));
  settleConfig(part);
  settleTokenizer(part);
  writeScorerFiles(part, file);
  const probes = [
    ...known.map((item) => rewardDatum(input, item)),
    ...unknown.map((item) => rewardDatum(input, item, 0)),
  ].map(({ tokens, inputs }) => ({ tokens, row: inputs.user_index?.data[0] ?? null }));
  progress.say(`Comparing ${probes.length} logits with what transformers reads`);
  return worst(verifiers, async (verifier) => {
    const theirs = await verifier.reward(part, probes);
    return checkReward(
      own,
      theirs.map(({ logit }) => logit),
      options.tolerance,
    );
  });
}

/** The check by every reader in turn: what the one says that is furthest from the run. */
async function worst(verifiers: readonly Verifier[], check: (by: Verifier) => Promise<Checked>): Promise<Checked> {
  const all: Checked[] = [];
  for (const verifier of verifiers) all.push(await check(verifier));
  return all.reduce((most, one) => (one.largest > most.largest ? one : most));
}

/** Both sides of the first pairs of the run. */
function probeItems(run: string): ScoreItem[] {
  const examples = new Map(readSplit(run, "prmu").map((example) => [keyOf(example.task, example.id), example]));
  return readJsonl<Pair>(join(run, "prmu", "pairs.jsonl"))
    .slice(0, PROBES)
    .flatMap(({ task, query, preferred, rejected }) => {
      const example = examples.get(keyOf(task, query));
      return example === undefined ? [] : [preferred, rejected].map((text) => ({ example, text }));
    });
}

const keyOf = (task: string, id: QueryId): string => `${task}/${id}`;

function writeScorerFiles(part: string, { rows, centre }: ScorerFile): void {
  writeJson(join(part, "scorer.json"), centre);
  if (rows !== null) writeJson(join(part, "users.json"), rows);
}

function mustStand(run: string, file: string, stage: string): void {
  if (!existsSync(join(run, file)))
    throw new TagprError("run", `${join(run, file)} is not there: ${stage} is not done`, {
      hint: `First run \`tagpr ${stage} ${run}\`.`,
    });
}

const TOKENIZER =
  /^(tokenizer.*|special_tokens_map\.json|chat_template\.jinja|vocab\..*|merges\.txt|generation_config\.json)$/;

/** What an engine's own export leaves out of the base model's tokenizer and template. */
async function addTokenizer(part: string, base: string): Promise<void> {
  for (const name of readdirSync(base))
    if (TOKENIZER.test(name) && !existsSync(join(part, name)))
      guardDisk(part, () => copyFileSync(join(base, name), join(part, name)));
}

/** Greedy, as the run evaluates; ends where the run's responses end. */
function settleGeneration(part: string, eosIds: readonly number[], maxTokens: number): void {
  const path = join(part, "generation_config.json");
  const own = existsSync(path) ? readJson<Record<string, unknown>>(path) : {};
  const sampling = new Set(["temperature", "top_p", "top_k", "do_sample"]);
  const kept = Object.fromEntries(Object.entries(own).filter(([name]) => !sampling.has(name)));
  writeJson(path, { ...kept, do_sample: false, eos_token_id: eosIds, max_new_tokens: maxTokens });
}
