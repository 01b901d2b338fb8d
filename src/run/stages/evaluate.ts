import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { RUN_FORMAT } from "../../core/format.ts";
import { appendJsonl, readJson, readWholeLines, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { readSeal } from "../../core/run-dir.ts";
import { syntheticTasks } from "../../data/synthetic/drawn.ts";
import type { ShownExample } from "../../data/types.ts";
import { type EvaluateOptions, evaluateMethod, swapProfiles, wholeBatches } from "../../eval/evaluate.ts";
import { meanScore } from "../../eval/headline.ts";
import { type Labels, METHOD_NAMES, METHODS, type MethodName, methodAs, type Weights } from "../../eval/methods.ts";
import { buildResult } from "../../eval/result.ts";
import type { CeilingRow } from "../../eval/result-types.ts";
import type { Sampling } from "../../eval/samples.ts";
import type { Prediction } from "../../eval/types.ts";
import { chosenOf, type Decoding } from "../../metrics/samples.ts";
import { namedTags } from "../../model/asking.ts";
import { ASKING_FILES, readModel, readTags, readTasks } from "../../model/files.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { STAGE_NAMES, type Stage, type StageContext } from "../stage.ts";
import { baseIdentity, readSplit } from "./common.ts";

/** Answers of every method to the test queries, greedy and drawn, and the result that all tables are made of. */
export const evalStage: Stage = {
  name: "eval",
  config: ({ eval: evaluation, prompt, engines }) => ({ evaluation, prompt, dtype: engines.policy.dtype }),
  reads: ({ eval: evaluation, data }) => [
    ...ASKING_FILES,
    "data/test.jsonl",
    ...(evaluation.temperatures.length > 1 ? ["data/dev.jsonl"] : []),
    ...(data.source === "synthetic" ? ["data/ceilings.json"] : []),
    ...[...new Set([...evaluation.methods, ...evaluation.swap].map((name) => METHODS[name].weights))].flatMap(
      (weights) => (weights === "base" ? [] : [`${weights}/model.json`]),
    ),
  ],
  outside: baseIdentity,
  writes: [
    "scores.json",
    "decoding.json",
    ...METHOD_NAMES.flatMap((name) => [`${name}.jsonl`, `swapped/${name}.jsonl`]),
  ],
  alsoWrites: ["../result.json"],
  run: async (context) => {
    const { run, dir, config } = context;
    const test = readSplit(run, "test");
    const samplings = await chooseSamplings(context);
    const predictions: Partial<Record<MethodName, Prediction[]>> = {};
    for (const name of config.eval.methods)
      predictions[name] = await answers(context, name, test, join(dir, `${name}.jsonl`), samplings.get(name));
    const swapped: Partial<Record<MethodName, Prediction[]>> = {};
    const others = config.eval.swap.length === 0 ? [] : swapProfiles(test, config.seed);
    for (const name of config.eval.swap)
      swapped[name] = await answers(context, name, others, join(dir, "swapped", `${name}.jsonl`), samplings.get(name));
    const tasks = readTasks(run);
    const ceilings = join(run, "data", "ceilings.json");
    const result = buildResult({
      predictions,
      swapped,
      tasks,
      ...(existsSync(ceilings) ? { ceilings: readJson<Record<string, CeilingRow>>(ceilings) } : {}),
      reading: config.eval.reading,
      bootstrap: config.eval.bootstrap,
      seed: config.seed,
      seconds: secondsSoFar(context),
      labels: labelsOf(config),
      synthetic: syntheticTasks(run, tasks),
    });
    writeJson(join(dir, "scores.json"), result.details);
    writeJson(join(run, "result.json"), { format: RUN_FORMAT, ...result });
  },
};

/** Of rows that this run's settings make another method of. */
const labelsOf = ({ eval: { methods }, sft: { form } }: Config): Labels =>
  Object.fromEntries(
    methods.flatMap((name) => {
      const { label } = methodAs(name, form);
      return label === METHODS[name].label ? [] : [[name, label]];
    }),
  );

/** `decoding.json`: what each method's temperature was chosen by. */
type DecodingFile = Readonly<
  Partial<Record<MethodName, { readonly temperature: number; readonly tried: readonly Decoding[] }>>
>;

/**
 * What is drawn of each method beside its greedy answers. Where several temperatures are offered each method takes the one
 * with the best mean score on dev, from the same list by the same rule; a method draws nothing where nothing is asked for.
 */
async function chooseSamplings(context: StageContext): Promise<ReadonlyMap<MethodName, Sampling>> {
  const { config, dir } = context;
  const { methods, samples, temperatures } = config.eval;
  const highest = Math.max(...temperatures);
  if (samples === 0 && highest === 0) return new Map();
  const chosen: [MethodName, { temperature: number; tried: readonly Decoding[] }][] = [];
  for (const name of methods) {
    const tried = temperatures.length === 1 ? [] : await triedOnDev(context, name);
    const { temperature } = tried.length === 0 ? { temperature: highest } : chosenOf(tried);
    chosen.push([name, { temperature, tried }]);
  }
  const file: DecodingFile = Object.fromEntries(chosen);
  writeJson(join(dir, "decoding.json"), file);
  return new Map(
    chosen.map(([name, { temperature }]) => [
      name,
      { n: Math.max(1, samples), temperature: temperature || highest || 1, primary: temperature > 0 },
    ]),
  );
}

/** Mean dev score of a method at each temperature, by the reading of the headline. */
async function triedOnDev(context: StageContext, name: MethodName): Promise<Decoding[]> {
  const { config, run, dir, claim } = context;
  const { samples, temperatures, reading } = config.eval;
  const dev = readSplit(run, "dev");
  const tried: Decoding[] = [];
  for (const temperature of temperatures) {
    const file = `dev/${name}-${temperature}.jsonl`;
    claim([file]);
    const sampling = temperature === 0 ? undefined : { n: Math.max(1, samples), temperature, primary: true };
    const title = `${methodAs(name, config.sft.form).label}, dev at temperature ${temperature}`;
    const predictions = await answers(context, name, dev, join(dir, file), sampling, title);
    const score = predictions.reduce((sum, one) => sum + meanScore(one, reading), 0) / predictions.length;
    tried.push({ temperature, score });
  }
  return tried;
}

/** Goes on behind the whole batches that stand in the file. */
async function answers(
  context: StageContext,
  name: MethodName,
  examples: readonly ShownExample[],
  path: string,
  sampling?: Sampling,
  title?: string,
): Promise<Prediction[]> {
  const { config } = context;
  const standing = readWholeLines<Prediction>(path);
  const done = wholeBatches(standing, examples, config.eval.batch, sampling);
  const rows = standing.slice(0, done);
  if (done === examples.length) return rows;
  writeJsonl(path, rows);
  for await (const batch of evaluateMethod({
    ...(await optionsOf(context, name, examples, done, sampling)),
    ...(title === undefined ? {} : { title }),
  })) {
    appendJsonl(path, batch);
    rows.push(...batch);
  }
  return rows;
}

async function optionsOf(
  context: StageContext,
  name: MethodName,
  examples: readonly ShownExample[],
  done: number,
  sampling: Sampling | undefined,
): Promise<EvaluateOptions> {
  const { config, run, engines, progress } = context;
  // A model that has learnt to answer at once is asked so.
  const method = methodAs(name, config.sft.form);
  return {
    method,
    sampler: await (await engines.policy()).sampler(weightsPath(context, method.weights)),
    renderer: loadRenderer(await context.modelDir(config.model)),
    examples,
    tasks: readTasks(run),
    tags: namedTags(config, readTags(run)),
    promptTokens: config.prompt.max_tokens,
    responseTokens: config.eval.max_tokens,
    batch: config.eval.batch,
    seed: config.seed,
    progress,
    done,
    ...(sampling === undefined ? {} : { sampling }),
  };
}

const weightsPath = ({ config, run }: StageContext, weights: Weights): string =>
  weights === "base" ? config.model : readModel(run, weights).path;

/** Of all stages before, and of this one. */
function secondsSoFar({ run, spent }: StageContext): number {
  const before = STAGE_NAMES.slice(0, STAGE_NAMES.indexOf("eval"));
  const sum = before.reduce((total, name) => total + (readSeal(run, name)?.seconds ?? 0), spent());
  return Math.round(sum * 10) / 10;
}
