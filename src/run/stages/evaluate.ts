import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { RUN_FORMAT } from "../../core/format.ts";
import { appendJsonl, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { readSeal } from "../../core/run-dir.ts";
import { STAGE_NAMES } from "../../core/stages.ts";
import type { ShownExample } from "../../data/types.ts";
import { type EvaluateOptions, evaluateMethod } from "../../eval/evaluate.ts";
import { causalFile, predictionFile } from "../../eval/prediction-file.ts";
import { buildResult } from "../../eval/result.ts";
import type { Sampling } from "../../eval/samples.ts";
import { swapProfiles } from "../../eval/swap.ts";
import type { Method, Prediction, Tools } from "../../eval/types.ts";
import { learnsFromChains, METHOD_NAMES, methodsOf, prepared } from "../../methods/index.ts";
import { partsOf } from "../../methods/over-samples.ts";
import { comparisonsOf, type Labels, methodLabel } from "../../methods/tables.ts";
import { namedTags } from "../../model/asking.ts";
import { readTags, readTasks } from "../../model/files.ts";
import { chooseTags } from "../evaluation/base-tags.ts";
import { budgetOf } from "../evaluation/budget.ts";
import { writeCausal } from "../evaluation/causal.ts";
import { chooseSamplings, type OnDev } from "../evaluation/decoding.ts";
import { methodsOutside } from "../evaluation/outside.ts";
import { ofTasks, openQuestions, type Questions, questionFiles, questionsOutside } from "../evaluation/questions.ts";
import { type Opening, openTools } from "../evaluation/tools.ts";
import { labelsOfKept, notHandedOn } from "../evaluation/unkept.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, readSplit } from "./common.ts";

/** Answers of every method to the test queries, greedy and drawn, and the result that all tables are made of. */
export const evalStage: Stage = {
  name: "eval",
  config: ({ eval: evaluation, prompt, engines }) => ({ evaluation, prompt, dtype: engines.policy.dtype }),
  reads: (config) => [
    ...questionFiles(config),
    ...(hangsOnTags(config) ? ["chains/tags.json"] : []),
    ...[...new Set(methodsOf(config).flatMap(({ trains }) => trains))].map((stage) => `${stage}/model.json`),
    ...(methodsOf(config).some(({ scored }) => scored === true) ? ["prmu/scorer.json"] : []),
  ],
  outside: async (config, tools) => {
    const base = await baseIdentity(config, tools);
    const [methods, questions] = [await methodsOutside(config), await questionsOutside(config, tools)];
    if (methods === undefined && questions === undefined) return base;
    return { base, ...(methods === undefined ? {} : { methods }), ...(questions === undefined ? {} : { questions }) };
  },
  check: async ({ run, config }) => {
    const { paths, tasks } = config.eval;
    if (paths.length > 0) return;
    const { test } = ofTasks({ tasks: readTasks(run), test: readSplit(run, "test"), dev: [] }, tasks);
    await prepared(methodsOf(config), { examples: test, say: () => {} });
  },
  writes: ["scores.json", "decoding.json", "base.json", ...METHOD_NAMES.flatMap(filesOf)],
  alsoWrites: ["../result.json"],
  run: async (context) => {
    const { run, dir, config, claim, progress } = context;
    const questions = await openQuestions(context);
    const { tasks, test, ceilings, synthetic } = questions;
    const methods = await prepared(methodsOf(config), { examples: test, say: progress.say });
    const unkept = notHandedOn(run, methods);
    claim([...methods, ...unkept].flatMap(({ name }) => filesOf(name)));
    const asking = await openAnswers(context, methods, questions);
    // In the order of the tables, whoever is asked first.
    const predictions: Record<string, Prediction[]> = Object.fromEntries(methods.map(({ name }) => [name, []]));
    for (const method of methods.toSorted(samplesFirst))
      predictions[method.name] = await asking.answers(method, predictionFile(method.name), test);
    for (const method of unkept)
      predictions[method.name] = await asking.answers(method, predictionFile(method.name), test, { asTrained: true });
    const swapped: Record<string, Prediction[]> = {};
    const others = config.eval.swap.length === 0 ? [] : swapProfiles(test, config.seed);
    for (const method of methods.filter(({ name }) => config.eval.swap.includes(name)))
      swapped[method.name] = await asking.answers(method, `swapped/${predictionFile(method.name)}`, others);
    for (const method of methods.filter(({ name }) => config.eval.causal.methods.includes(name))) {
      const answers = { method, examples: test, predictions: predictions[method.name] ?? [] };
      await writeCausal(context, join(dir, causalFile(method.name)), answers, asking.tools(method));
    }
    const result = buildResult({
      ...{ predictions, swapped, tasks, synthetic, comparisons: comparisonsOf(methods) },
      ...(ceilings === undefined ? {} : { ceilings }),
      ...{ reading: config.eval.reading, bootstrap: config.eval.bootstrap, seed: config.seed },
      seconds: secondsSoFar(context),
      labels: { ...labelsOf([...methods, ...unkept]), ...labelsOfKept(unkept) },
      budgets: Object.fromEntries(
        [...methods, ...unkept].map((method) => {
          const { name } = method;
          return [name, budgetOf(context, method, predictions[name] ?? [], asking.trials(name))];
        }),
      ),
    });
    writeJson(join(dir, "scores.json"), result.details);
    writeJson(join(dir, "..", "result.json"), { format: RUN_FORMAT, ...result });
  },
};

/**
 * Rows of samples before the rows that they are made of: they ask for the greedy answer too, so that a prompt which both
 * need is computed once.
 */
const samplesFirst = (a: Method, b: Method): number =>
  Number(partsOf(a.name) === null) - Number(partsOf(b.name) === null);

/** Whether a prompt may name the tags that the chains gave, or weights were trained with them. */
const hangsOnTags = (config: Config): boolean => {
  const methods = methodsOf(config);
  const names = config.prompt.names_tags && config.prompt.tags.length === 0 && config.eval.base !== "unnamed";
  return (
    methods.some(learnsFromChains) ||
    (names && methods.some(({ reasoning, external }) => reasoning && external !== true))
  );
};

function filesOf(name: string): string[] {
  return [predictionFile(name), `swapped/${predictionFile(name)}`, causalFile(name)];
}

/** How every method of this evaluation answers, once its prompt and its decoding are chosen on dev. */
async function openAnswers(context: StageContext, methods: readonly Method[], { tasks, dev }: Questions) {
  const { run, dir, config, claim } = context;
  // With `eval.paths` what is chosen on dev is chosen on the run's own tasks.
  const own = dev.length === 0 ? [] : readTasks(run).filter(({ name }) => tasks.every((task) => task.name !== name));
  const known = [...tasks, ...own];
  const handedOn = await openTools(context, known);
  const allowed = hangsOnTags(config) ? readTags(run) : config.prompt.tags;
  const trials = new Map<string, number>();
  const write = (
    method: Method,
    file: string,
    examples: readonly ShownExample[],
    { tools = handedOn, ...more }: More,
  ) =>
    written(join(dir, file), {
      method,
      tools: { ...tools, tags: more.tags },
      examples,
      batch: config.eval.batch,
      ...more,
    });
  const onDev =
    (tagsOf: (method: Method) => Tools["tags"]): OnDev =>
    (method, file, sampling, title) => {
      claim([`dev/${file}`]);
      trials.set(method.name, (trials.get(method.name) ?? 0) + 1);
      const more = { ...(sampling === undefined ? {} : { sampling }), ...(title === undefined ? {} : { title }) };
      return write(method, `dev/${file}`, dev, { tags: tagsOf(method), ...more });
    };
  const tagsOf = await chooseTags(context, methods, { tags: namedTags(config, allowed), allowed }, (tags) =>
    onDev(() => tags),
  );
  const samplings = await chooseSamplings(context, methods, onDev(tagsOf));
  return {
    answers: async (method: Method, file: string, examples: readonly ShownExample[], opening?: Opening) => {
      const sampling = samplings.get(method.name);
      return write(method, file, examples, {
        tags: tagsOf(method),
        ...(sampling === undefined ? {} : { sampling }),
        ...(opening === undefined ? {} : { tools: await openTools(context, known, opening) }),
      });
    },
    /** What its greedy answers were asked with. */
    tools: (method: Method): Tools => ({ ...handedOn, tags: tagsOf(method), draw: null }),
    trials: (name: string): number => trials.get(name) ?? 0,
  };
}

interface More {
  readonly tags: Tools["tags"];
  /** Default: of the weights that stages handed on. */
  readonly tools?: Awaited<ReturnType<typeof openTools>>;
  readonly sampling?: Sampling;
  readonly title?: string;
}

/** Of rows that this run's settings make another method of, and of those that only its config knows. */
const labelsOf = (methods: readonly Method[]): Labels =>
  Object.fromEntries(methods.flatMap(({ name, label }) => (methodLabel(name) === label ? [] : [[name, label]])));

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
