import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { readJson, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { syntheticTasks } from "../../data/synthetic/drawn.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import type { CeilingRow } from "../../eval/result-types.ts";
import { readTasks } from "../../model/files.ts";
import { retrieveScored, type Scored, show } from "../../retrieval/retrieve.ts";
import { identity } from "../key.ts";
import type { Outside, StageContext } from "../stage.ts";
import { readSplit } from "../stages/common.ts";
import { retrieveOptions } from "../stages/data.ts";
import { evaluationData, filesData } from "../stages/data-files.ts";
import { syntheticData } from "../stages/data-synthetic.ts";
import { embedderFolder } from "../stages/embedding.ts";
import type { Show } from "../stages/gathered.ts";

/** What an evaluation asks about. */
export interface Questions {
  readonly tasks: readonly Task[];
  readonly test: readonly ShownExample[];
  /** Queries to choose a decoding or a prompt by; none where nothing is chosen. */
  readonly dev: readonly ShownExample[];
  readonly ceilings?: Readonly<Record<string, CeilingRow>>;
  /** Names of the tasks that the synthetic world drew. */
  readonly synthetic: readonly string[];
}

const hasProfile = ({ eval: { profile } }: Config): boolean => Object.keys(profile).length > 0;
const hasPaths = ({ eval: { paths } }: Config): boolean => paths.length > 0;

/** Whether something is chosen on dev. */
export const looksAtDev = ({ eval: { temperatures, base } }: Config): boolean =>
  temperatures.length > 1 || base === "better";

/** Files of the data stage that the questions hang on. */
export const questionFiles = (config: Config): string[] => [
  ...(hasPaths(config) ? [] : ["data/tasks.json", "data/test.jsonl"]),
  ...(looksAtDev(config) ? ["data/dev.jsonl", ...(hasPaths(config) ? ["data/tasks.json"] : [])] : []),
  ...(config.data.source === "synthetic" && !hasPaths(config) ? ["data/ceilings.json"] : []),
];

/** Identity of what is read anew for `eval.profile` and `eval.paths`; undefined where nothing is. */
export const questionsOutside: Outside = async (config) => {
  if (!hasProfile(config) && !hasPaths(config)) return undefined;
  const paths = hasPaths(config) ? config.eval.paths : config.data.paths;
  const dense = profileOf(config).retriever === "dense";
  return {
    paths: await Promise.all(paths.map(identity)),
    ...(dense ? { model: config.engines.embeddings_model, embeddings: (await embedderFolder(config)) ?? null } : {}),
  };
};

const profileOf = ({ profile, eval: evaluation }: Config): Config["profile"] => ({
  retriever: evaluation.profile.retriever ?? profile.retriever,
  k: evaluation.profile.k ?? profile.k,
  characters: evaluation.profile.characters ?? profile.characters,
});

/**
 * The run's own questions; with `eval.paths` those of other folders, with `eval.profile` with other items. These are read
 * anew, from where the run's data came, and stand in `eval/data` afterwards: nothing that was trained hangs on them.
 */
export async function openQuestions(context: StageContext): Promise<Questions> {
  return ofTasks(await everyQuestion(context), context.config.eval.tasks);
}

/** The questions of these tasks alone; of none named, all. @throws TagprError `usage` where the data lacks one */
export function ofTasks<Q extends Pick<Questions, "tasks" | "test" | "dev">>(
  questions: Q,
  names: readonly string[],
): Q {
  if (names.length === 0) return questions;
  const known = questions.tasks.map(({ name }) => name);
  const absent = names.find((name) => !known.includes(name));
  if (absent !== undefined)
    throw new TagprError("usage", `eval.tasks: the data has no task ${absent}`, {
      hint: `It has ${known.join(", ")}.`,
    });
  const asked = ({ task }: ShownExample): boolean => names.includes(task);
  return { ...questions, test: questions.test.filter(asked), dev: questions.dev.filter(asked) };
}

async function everyQuestion(context: StageContext): Promise<Questions> {
  const { run, config } = context;
  const dev = looksAtDev(config) ? readSplit(run, "dev") : [];
  if (!hasProfile(config) && !hasPaths(config)) {
    const tasks = readTasks(run);
    const ceilings = join(run, "data", "ceilings.json");
    return {
      ...{ tasks, test: readSplit(run, "test"), dev, synthetic: syntheticTasks(run, tasks) },
      ...(existsSync(ceilings) ? { ceilings: readJson<Record<string, CeilingRow>>(ceilings) } : {}),
    };
  }
  const questions = hasPaths(config) ? await ofPaths(context, dev) : await ofProfile(context, dev);
  const { dir, claim } = context;
  claim(["data/tasks.json", "data/test.jsonl", "data/ceilings.json"]);
  writeJson(join(dir, "data", "tasks.json"), questions.tasks);
  writeJsonl(join(dir, "data", "test.jsonl"), questions.test);
  if (questions.ceilings !== undefined) writeJson(join(dir, "data", "ceilings.json"), questions.ceilings);
  return questions;
}

/** A query of a task, as a key. */
export const questionKey = ({ task, id }: Pick<ShownExample, "task" | "id">): string => `${task}/${id}`;

/**
 * The items that queries are shown with what they were chosen by, by {@link questionKey}, the histories read, or made, again
 * in one pass; without those that the data no longer holds.
 */
export async function scoredItems(
  context: Pick<StageContext, "config" | "run" | "engines" | "modelDir">,
  queries: readonly Pick<ShownExample, "task" | "id">[],
): Promise<ReadonlyMap<string, readonly Scored[]>> {
  const { config } = context;
  const options = retrieveOptions(context, profileOf(config));
  const wanted = new Set(queries.map(questionKey));
  const found = new Map<string, readonly Scored[]>();
  const look: Show = async (task, { profile, ...question }) => {
    const key = questionKey(question);
    if (wanted.has(key)) found.set(key, await retrieveScored(task, { ...question, profile }, options));
    return { ...question, shown: [], historyItems: profile.length };
  };
  if (hasPaths(config)) await evaluationData({ ...config, data: evaluationFolders(config) }, look);
  else await (config.data.source === "synthetic" ? syntheticData : filesData)(config, look);
  return found;
}

/** `eval.paths` as the settings of data. A task of the synthetic world says nothing of folders. */
export function evaluationFolders({ data, eval: { paths } }: Config): Config["data"] {
  const task = data.source === "files" || /\.ya?ml$/.test(data.task) ? data.task : "";
  return { ...data, source: "files", paths, task };
}

/** Other folders' evaluation queries; dev stays the run's. */
async function ofPaths(context: StageContext, dev: readonly ShownExample[]): Promise<Questions> {
  const { config } = context;
  const options = retrieveOptions(context, profileOf(config));
  const { tasks, test, drawn } = await evaluationData({ ...config, data: evaluationFolders(config) }, (own, example) =>
    show(own, example, options),
  );
  return { tasks, test, dev, synthetic: drawn };
}

/** The same queries with other items: the histories are read, or made, again. */
async function ofProfile(context: StageContext, dev: readonly ShownExample[]): Promise<Questions> {
  const { run, config } = context;
  const standing = { test: readSplit(run, "test"), dev };
  const wanted = new Set([...standing.test, ...dev].map(questionKey));
  const options = retrieveOptions(context, profileOf(config));
  // Of what only trains the items are not looked for.
  const choose: Show = async (task, example) => {
    if (wanted.has(questionKey(example))) return show(task, example, options);
    const { profile, ...question } = example;
    return { ...question, shown: [], historyItems: profile.length };
  };
  const gathered = await (config.data.source === "synthetic" ? syntheticData : filesData)(config, choose);
  const inOrder = (split: "test" | "dev"): ShownExample[] => {
    const found = new Map(gathered.splits[split].map((example) => [questionKey(example), example]));
    return standing[split].flatMap((example) => found.get(questionKey(example)) ?? []);
  };
  const ceilings = gathered.extras["ceilings.json"] as Questions["ceilings"];
  return {
    ...{ tasks: gathered.tasks, test: inOrder("test"), dev: inOrder("dev") },
    ...(ceilings === undefined ? {} : { ceilings }),
    synthetic: syntheticTasks(run, gathered.tasks),
  };
}
