import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Chain } from "../chains/types.ts";
import { TagprError } from "../core/errors.ts";
import { groupBy } from "../core/group.ts";
import { readJsonl } from "../core/jsonl.ts";
import { openDataset, splitOf } from "../data/dataset.ts";
import { streamShown } from "../data/shown.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { type RetrieveOptions, show } from "../retrieval/retrieve.ts";
import { configOfRun } from "./record.ts";
import { namedTags, readTags, readTasks } from "./stages/common.ts";
import { SPLITS } from "./stages/gathered.ts";

/** Records to look at, of a run or of a folder in LaMP's layout, with the items that are shown. */
export interface Records {
  /** Splits there are. */
  readonly splits: readonly string[];
  read(split: string): AsyncGenerator<{ readonly task: Task; readonly example: ShownExample }>;
  /** How a run asks; null for a folder, which nobody asks yet. */
  readonly asking: { readonly model: string; readonly maxTokens: number; readonly tags: readonly string[] } | null;
  /** Chains that a run trains on, by `task/query`. */
  chains(): ReadonlyMap<string, readonly Chain[]>;
}

/** Opens a run or a folder. In a folder the shown items are chosen as `choose` says; a run has chosen already. */
export async function openRecords(dir: string, choose: RetrieveOptions, task?: Task): Promise<Records> {
  return existsSync(join(dir, "run.json")) ? recordsOfRun(dir) : recordsOfFolder(dir, choose, task);
}

async function recordsOfFolder(dir: string, choose: RetrieveOptions, task?: Task): Promise<Records> {
  const dataset = await openDataset(dir, task === undefined ? {} : { task });
  return {
    splits: Object.keys(dataset.splits),
    read: async function* (split) {
      for await (const example of splitOf(dataset, split).read())
        yield { task: dataset.task, example: await show(dataset.task, example, choose) };
    },
    asking: null,
    chains: () => new Map(),
  };
}

function recordsOfRun(run: string): Records {
  const there = (name: string): boolean => existsSync(join(run, name));
  if (!there("data/tasks.json"))
    throw new TagprError("run", `${run} has no data yet`, { hint: `Do its first stage: tagpr data ${run}.` });
  const config = configOfRun(run);
  const tasks = new Map(readTasks(run).map((task) => [task.name, task]));
  const splits = SPLITS.filter((name) => there(`data/${name}.jsonl`));
  return {
    splits,
    read: async function* (split) {
      if (!splits.some((name) => name === split))
        throw new TagprError("usage", `${run} has no split ${split} (it has ${splits.join(", ")})`, {
          hint: "Choose one with --split.",
        });
      for await (const example of streamShown(join(run, "data", `${split}.jsonl`))) {
        const task = tasks.get(example.task);
        if (task !== undefined) yield { task, example };
      }
    },
    asking: {
      model: config.model,
      maxTokens: config.prompt.max_tokens,
      tags: there("chains/tags.json") ? namedTags(config, readTags(run)) : [],
    },
    chains: () => {
      const all = there("chains/chains.jsonl") ? readJsonl<Chain>(join(run, "chains", "chains.jsonl")) : [];
      return groupBy(all, (chain) => `${chain.task}/${chain.query}`);
    },
  };
}
