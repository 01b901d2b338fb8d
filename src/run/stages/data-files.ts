import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { type Dataset, openDataset, type Split, splitOf, taskOfFiles } from "../../data/dataset.ts";
import { type DrawnFile, isDrawn, WORLD_FILE } from "../../data/synthetic/drawn.ts";
import { isKnownTask, loadTask } from "../../data/task-file.ts";
import type { Example, QueryId, ShownExample } from "../../data/types.ts";
import type { Gathered, Show } from "./gathered.ts";
import { type Candidate, sampleOf, splitTrain } from "./split.ts";

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
  if (twice !== undefined)
    throw new TagprError("usage", `two folders hold the task ${twice.name}`, { hint: "Give one folder a task." });
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

async function oneFolder(path: string, config: Config, show: Show): Promise<Folder> {
  const { seed, data } = config;
  const dataset = await openFolder(path, data);
  const { name } = dataset.task;
  const keep = (example: Example): boolean => example.profile.length >= data.min_items;
  const train = splitOf(dataset, "train");
  const cut = splitTrain(await candidates(train, keep), data, seed, name);
  const evaluation = splitOf(dataset, "dev");
  const ids = sampleOf(await candidates(evaluation, keep), data.test, seed, name, "test").map(({ id }) => id);
  if (ids.length === 0)
    throw new TagprError("data", `${evaluation.questions}: no query has ${data.min_items} profile items or more`, {
      hint: "Lower data.min_items, or check the file.",
    });
  const choose = (example: Example): Promise<ShownExample> => show(dataset.task, example);
  const [chains, rl, prmu, dev] = await pick(train, [cut.chains, cut.rl, cut.prmu, cut.dev], choose);
  const [test] = await pick(evaluation, [new Set(ids)], choose);
  return {
    tasks: [dataset.task],
    splits: { chains: chains ?? [], rl: rl ?? [], prmu: prmu ?? [], dev: dev ?? [], test: test ?? [] },
    drawn: await isDrawn(dataset),
  };
}

async function candidates(split: Split, keep: (example: Example) => boolean): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for await (const example of split.read()) if (keep(example)) found.push({ id: example.id, user: example.user });
  return found;
}

/** A second pass that keeps the chosen examples as they are shown: LaMP-4's train file doesn't fit into memory. */
async function pick(
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
