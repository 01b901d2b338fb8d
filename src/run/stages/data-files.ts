import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { openDataset, type Split, splitOf } from "../../data/dataset.ts";
import { loadTask } from "../../data/task-file.ts";
import type { Example, QueryId } from "../../data/types.ts";
import type { Gathered } from "./gathered.ts";
import { type Candidate, sampleOf, splitTrain } from "./split.ts";

/** Folders in LaMP's layout, one a task: train gives every training part and the dev slice, dev is the evaluation set. */
export async function filesData(config: Config): Promise<Gathered> {
  const { paths, task } = config.data;
  if (paths.length === 0)
    throw new TagprError("usage", "data.source is files, and no folder is given", {
      hint: "Give the folder that holds train_questions.json and so on: --data DIR.",
    });
  const named = task === "" ? {} : { task: loadTask(task) };
  const parts: Gathered[] = [];
  for (const path of paths) parts.push(await oneFolder(path, named, config));
  const tasks = parts.flatMap((part) => part.tasks);
  const twice = tasks.find(({ name }, i) => tasks.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined)
    throw new TagprError("usage", `two folders hold the task ${twice.name}`, { hint: "Give one folder a task." });
  const all = (name: keyof Gathered["splits"]): Example[] => parts.flatMap((part) => part.splits[name]);
  return {
    tasks,
    splits: { chains: all("chains"), rl: all("rl"), prmu: all("prmu"), dev: all("dev"), test: all("test") },
    extras: () => ({}),
  };
}

async function oneFolder(path: string, named: Parameters<typeof openDataset>[1], config: Config): Promise<Gathered> {
  const dataset = await openDataset(path, named);
  const { seed, data } = config;
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
  const [chains, rl, prmu, dev] = await pick(train, [cut.chains, cut.rl, cut.prmu, cut.dev]);
  const [test] = await pick(evaluation, [new Set(ids)]);
  return {
    tasks: [dataset.task],
    splits: { chains: chains ?? [], rl: rl ?? [], prmu: prmu ?? [], dev: dev ?? [], test: test ?? [] },
    extras: () => ({}),
  };
}

async function candidates(split: Split, keep: (example: Example) => boolean): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for await (const example of split.read()) if (keep(example)) found.push({ id: example.id, user: example.user });
  return found;
}

/** A second pass that keeps the chosen examples: LaMP-4's train file doesn't fit into memory. */
async function pick(split: Split, wanted: readonly ReadonlySet<QueryId>[]): Promise<Example[][]> {
  const picked = wanted.map((): Example[] => []);
  for await (const example of split.read())
    for (const [i, ids] of wanted.entries()) if (ids.has(example.id)) picked[i]?.push(example);
  return picked;
}
