import { existsSync } from "node:fs";
import { join } from "node:path";
import { RUN_FORMAT } from "../../core/format.ts";
import { appendJsonl, readJson, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { readSeal } from "../../core/run-dir.ts";
import { STAGE_NAMES } from "../../core/stages.ts";
import { syntheticTasks } from "../../data/synthetic/drawn.ts";
import type { ShownExample } from "../../data/types.ts";
import { type EvaluateOptions, evaluateMethod } from "../../eval/evaluate.ts";
import { predictionFile } from "../../eval/prediction-file.ts";
import { buildResult } from "../../eval/result.ts";
import type { CeilingRow } from "../../eval/result-types.ts";
import { swapProfiles } from "../../eval/swap.ts";
import type { Method, Prediction } from "../../eval/types.ts";
import { METHOD_NAMES, methodsOf, prepared } from "../../methods/index.ts";
import { comparisonsOf, type Labels, methodLabel } from "../../methods/tables.ts";
import { namedTags } from "../../model/asking.ts";
import { ASKING_FILES, readModel, readTags, readTasks } from "../../model/files.ts";
import { chooseSamplings } from "../evaluation/decoding.ts";
import { methodsOutside } from "../evaluation/outside.ts";
import { openTools } from "../evaluation/tools.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, readSplit } from "./common.ts";

/** Answers of every method to the test queries, greedy and drawn, and the result that all tables are made of. */
export const evalStage: Stage = {
  name: "eval",
  config: ({ eval: evaluation, prompt, engines }) => ({ evaluation, prompt, dtype: engines.policy.dtype }),
  reads: (config) => [
    ...ASKING_FILES,
    "data/test.jsonl",
    ...(config.eval.temperatures.length > 1 ? ["data/dev.jsonl"] : []),
    ...(config.data.source === "synthetic" ? ["data/ceilings.json"] : []),
    ...[...new Set(methodsOf(config).flatMap(({ trains }) => trains))].map((stage) => `${stage}/model.json`),
    ...(methodsOf(config).some(({ scored }) => scored === true) ? ["prmu/scorer.json"] : []),
  ],
  outside: async (config, tools) => {
    const [base, methods] = [await baseIdentity(config, tools), await methodsOutside(config)];
    return methods === undefined ? base : { base, methods };
  },
  writes: ["scores.json", "decoding.json", ...METHOD_NAMES.flatMap(filesOf)],
  alsoWrites: ["../result.json"],
  run: async (context) => {
    const { run, dir, config, claim, progress } = context;
    const test = readSplit(run, "test");
    const methods = await prepared(methodsOf(config), { examples: test, say: progress.say });
    claim(methods.flatMap(({ name }) => filesOf(name)));
    const tasks = readTasks(run);
    const tools = await openTools(context, tasks, namedTags(config, readTags(run)));
    const answers = (method: Method, file: string, examples: readonly ShownExample[], more: Partial<EvaluateOptions>) =>
      written(join(dir, file), { method, tools, examples, batch: config.eval.batch, ...more });
    const samplings = await chooseSamplings(context, methods, (method, file, sampling, title) => {
      claim([`dev/${file}`]);
      return answers(method, `dev/${file}`, readSplit(run, "dev"), { ...given({ sampling }), ...given({ title }) });
    });
    const predictions: Record<string, Prediction[]> = {};
    for (const method of methods)
      predictions[method.name] = await answers(method, predictionFile(method.name), test, samplingOf(method));
    const unkept = notHandedOn(run, methods);
    if (unkept.length > 0) {
      claim(unkept.map(({ name }) => predictionFile(name)));
      const trained = await openTools(context, tasks, namedTags(config, readTags(run)), { asTrained: true });
      for (const method of unkept)
        predictions[method.name] = await answers(method, predictionFile(method.name), test, { tools: trained });
    }
    const swapped: Record<string, Prediction[]> = {};
    const others = config.eval.swap.length === 0 ? [] : swapProfiles(test, config.seed);
    for (const method of methods.filter(({ name }) => config.eval.swap.includes(name)))
      swapped[method.name] = await answers(
        method,
        `swapped/${predictionFile(method.name)}`,
        others,
        samplingOf(method),
      );
    function samplingOf({ name }: Method): Partial<EvaluateOptions> {
      return given({ sampling: samplings.get(name) });
    }
    const ceilings = join(run, "data", "ceilings.json");
    const result = buildResult({
      ...{ predictions, swapped, tasks, comparisons: comparisonsOf(methods) },
      ...(existsSync(ceilings) ? { ceilings: readJson<Record<string, CeilingRow>>(ceilings) } : {}),
      reading: config.eval.reading,
      bootstrap: config.eval.bootstrap,
      seed: config.seed,
      seconds: secondsSoFar(context),
      labels: { ...labelsOf([...methods, ...unkept]), ...labelsOfKept(unkept) },
      synthetic: syntheticTasks(run, tasks),
    });
    writeJson(join(dir, "scores.json"), result.details);
    writeJson(join(run, "result.json"), { format: RUN_FORMAT, ...result });
  },
};

function filesOf(name: string): string[] {
  return [predictionFile(name), `swapped/${predictionFile(name)}`];
}

/** The entry where it has a value. */
const given = <K extends string, T>(entry: Readonly<Record<K, T | undefined>>): Partial<Record<K, T>> =>
  Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as Partial<Record<K, T>>;

/** Of rows that this run's settings make another method of, and of those that only its config knows. */
const labelsOf = (methods: readonly Method[]): Labels =>
  Object.fromEntries(methods.flatMap(({ name, label }) => (methodLabel(name) === label ? [] : [[name, label]])));

/** Of each method whose stage handed on what it began with, what was trained: a row of its own. */
function notHandedOn(run: string, methods: readonly Method[]): (Method & { readonly kept: Method })[] {
  return methods.flatMap((method) => {
    const [stage] = method.trains;
    if (stage === undefined || readModel(run, stage).guard?.kept !== "start") return [];
    return [
      { ...method, name: `${method.name}-trained`, label: `${method.label}, as trained (not handed on)`, kept: method },
    ];
  });
}

const labelsOfKept = (unkept: readonly { readonly kept: Method }[]): Labels =>
  Object.fromEntries(unkept.map(({ kept }) => [kept.name, `${kept.label}: kept what it began with`]));

/** Predictions in a file, batch after batch as they come. Begun again it is written anew, from what was kept. */
async function written(path: string, options: EvaluateOptions): Promise<Prediction[]> {
  writeJsonl(path, []);
  const rows: Prediction[] = [];
  for await (const batch of evaluateMethod(options)) {
    appendJsonl(path, batch);
    rows.push(...batch);
  }
  return rows;
}

/** Of all stages before, and of this one. */
function secondsSoFar({ run, spent }: StageContext): number {
  const before = STAGE_NAMES.slice(0, STAGE_NAMES.indexOf("eval"));
  const sum = before.reduce((total, name) => total + (readSeal(run, name)?.seconds ?? 0), spent());
  return Math.round(sum * 10) / 10;
}
