import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { type Dataset, openDataset, type Split, splitOf, taskOfFiles } from "../../data/dataset.ts";
import { type DrawnFile, isDrawn, WORLD_FILE } from "../../data/synthetic/drawn.ts";
import type { Task } from "../../data/task.ts";
import { isKnownTask, loadTask } from "../../data/task-file.ts";
import type { Example, QueryId, ShownExample } from "../../data/types.ts";
import type { Gathered, Show } from "./gathered.ts";
import { type Candidate, sampleOf, splitTrain, type TrainSplit } from "./split.ts";

/** Folders in LaMP's layout, one a task: train gives every training part and the dev slice, dev is the evaluation set. */
export async function filesData(config: Config, show: Show): Promise<Gathered> {
  const { paths } = config.data;
  if (paths.length === 0)
    throw new TagprError("usage", "data.source is files, and no folder is given", {
      hint: "Give the folder that holds train_questions.json and so on: --data DIR.",
    });
  const parts: Folder[] = [];
  for (const path of paths) parts.push(await oneFolder(path, config, show));
  const tasks = parts.flatMap((part) => part.tasks);
  const twice = tasks.find(({ name }, i) => tasks.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw twoFolders(twice.name);
  const stranger = Object.keys(config.data.rl_of).find(
    (key) => !isKnownTask(key) && !tasks.some(({ name }) => name === key),
  );
  if (stranger !== undefined)
    throw new TagprError("usage", `data.rl_of: no task has the name "${stranger}"`, {
      hint: `This run has ${tasks.map(({ name }) => name).join(", ")}.`,
    });
  const all = (name: keyof Gathered["splits"]): ShownExample[] => parts.flatMap((part) => part.splits[name]);
  return {
    tasks,
    splits: { chains: all("chains"), rl: all("rl"), prmu: all("prmu"), dev: all("dev"), test: all("test") },
    extras: drawnFile(parts),
  };
}

/** Says which tasks are the synthetic world's, where any is. */
function drawnFile(parts: readonly Folder[]): Gathered["extras"] {
  const tasks = parts.filter(({ drawn }) => drawn).flatMap((part) => part.tasks.map(({ name }) => name));
  return tasks.length === 0 ? {} : { [WORLD_FILE]: { tasks } satisfies DrawnFile };
}

/** What one folder gives, and whether `tagpr data world` wrote it. */
type Folder = Omit<Gathered, "extras"> & { readonly drawn: boolean };

/**
 * A folder of `data.paths`, its task named by the config or read from the files.
 * @throws TagprError `usage` where `data.task` is one that comes with TagPR and the files say another
 */
export async function openFolder(path: string, { task }: Config["data"]): Promise<Dataset> {
  if (task === "") return openDataset(path, { how: "data.task in the config, or --set data.task=LaMP_4" });
  const dataset = await openDataset(path, { task: loadTask(task) });
  const said = isKnownTask(task) ? await taskOfFiles(dataset) : null;
  if (said === null || said === dataset.task.name) return dataset;
  throw new TagprError("usage", `data.task: ${path} holds ${said}, not ${dataset.task.name}`, {
    hint: "Leave data.task out (--set 'data.task=\"\"'): the task is read from the data. A task of your own is named by its YAML file.",
  });
}

/** The evaluation queries of folders alone, at most `data.test` of each; what else the folders hold isn't looked at. */
export async function evaluationData(
  config: Config,
  show: Show,
): Promise<Pick<Gathered, "tasks"> & { test: ShownExample[]; drawn: string[] }> {
  const tasks: Task[] = [];
  const test: ShownExample[] = [];
  const drawn: string[] = [];
  for (const path of config.data.paths) {
    const dataset = await openFolder(path, config.data);
    const { name } = dataset.task;
    if (tasks.some((task) => task.name === name)) throw twoFolders(name);
    tasks.push(dataset.task);
    test.push(...(await testOf(dataset, config, show)));
    if (await isDrawn(dataset)) drawn.push(name);
  }
  return { tasks, test, drawn };
}

/** Every labelled train query that is of no dev user, as the paper's plain SFT sees them. */
export async function trainData(config: Config, dev: readonly ShownExample[], show: Show): Promise<ShownExample[]> {
  const out: ShownExample[] = [];
  for (const path of config.data.paths) {
    const dataset = await openFolder(path, config.data);
    const own = dev.filter(({ task }) => task === dataset.task.name);
    const [ids, users] = [new Set(own.map(({ id }) => id)), new Set(own.flatMap(({ user }) => user ?? []))];
    for await (const example of splitOf(dataset, "train").read()) {
      const { id, user, gold, profile } = example;
      if (gold === null || profile.length < config.data.min_items || ids.has(id)) continue;
      if (user === null || !users.has(user)) out.push(await show(dataset.task, example));
    }
  }
  return out;
}

async function oneFolder(path: string, config: Config, show: Show): Promise<Folder> {
  const dataset = await openFolder(path, config.data);
  const train = splitOf(dataset, "train");
  const cut = await cutTrain(dataset, config);
  const choose = (example: Example): Promise<ShownExample> => show(dataset.task, example);
  const test = await testOf(dataset, config, show);
  const [chains, rl, prmu, dev] = await pick(train, [cut.chains, cut.rl, cut.prmu, cut.dev], choose);
  return {
    tasks: [dataset.task],
    splits: { chains: chains ?? [], rl: rl ?? [], prmu: prmu ?? [], dev: dev ?? [], test },
    drawn: await isDrawn(dataset),
  };
}

/** How the train queries of a folder are cut up. @throws TagprError `data` where they are too few, or all of one user */
export async function cutTrain(dataset: Dataset, { seed, data }: Pick<Config, "seed" | "data">): Promise<TrainSplit> {
  const keep = (example: Example): boolean => example.profile.length >= data.min_items;
  return splitTrain(await candidates(splitOf(dataset, "train"), keep), data, seed, dataset.task.name);
}

/** LaMP's dev split is the evaluation set. */
async function testOf(dataset: Dataset, { seed, data }: Config, show: Show): Promise<ShownExample[]> {
  const evaluation = splitOf(dataset, "dev");
  const keep = (example: Example): boolean => example.profile.length >= data.min_items;
  const all = await candidates(evaluation, keep);
  const ids = sampleOf(all, data.test, seed, dataset.task.name, "test").map(({ id }) => id);
  if (ids.length === 0)
    throw new TagprError("data", `${evaluation.questions}: no query has ${data.min_items} profile items or more`, {
      hint: "Lower data.min_items, or check the file.",
    });
  const [test = []] = await pick(evaluation, [new Set(ids)], (example) => show(dataset.task, example));
  return test;
}

const twoFolders = (name: string): TagprError =>
  new TagprError("usage", `two folders hold the task ${name}`, { hint: "Give one folder a task." });

async function candidates(split: Split, keep: (example: Example) => boolean): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for await (const example of split.read()) if (keep(example)) found.push({ id: example.id, user: example.user });
  return found;
}

/** A second pass that keeps the chosen examples as they are shown: LaMP-4's train file doesn't fit into memory. */
export async function pick(
  split: Split,
  wanted: readonly ReadonlySet<QueryId>[],
  choose: (example: Example) => Promise<ShownExample>,
): Promise<ShownExample[][]> {
  const picked = wanted.map((): ShownExample[] => []);
  for await (const example of split.read()) {
    const parts = picked.filter((_, i) => wanted[i]?.has(example.id));
    if (parts.length === 0) continue;
    const shown = await choose(example);
    for (const part of parts) part.push(shown);
  }
  return picked;
}
