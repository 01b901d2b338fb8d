import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Chain } from "../chains/types.ts";
import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { groupBy } from "../core/group.ts";
import { readJsonl } from "../core/jsonl.ts";
import { openDataset, splitOf } from "../data/dataset.ts";
import { streamShown } from "../data/shown.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { namedTags } from "../model/asking.ts";
import { readTags, readTasks } from "../model/files.ts";
import { configOfRun } from "../model/record.ts";
import type { SftItemOptions, SftItems } from "../policy/sft-items.ts";
import { type RetrieveOptions, show } from "../retrieval/retrieve.ts";
import { readSplit } from "./stages/common.ts";
import { SPLITS } from "./stages/gathered.ts";
import { formItems } from "./stages/sft.ts";

/** Records to look at, of a run or of a folder in LaMP's layout, with the items that are shown. */
export interface Records {
  /** Splits there are. */
  readonly splits: readonly string[];
  read(split: string): AsyncGenerator<{ readonly task: Task; readonly example: ShownExample }>;
  /** How a run asks; null for a folder, which nobody asks yet. */
  readonly asking: {
    readonly model: string;
    readonly maxTokens: number;
    /** False where SFT teaches the answer at once (`sft.form: gold`). */
    readonly reasoning: boolean;
    readonly tags: readonly string[];
  } | null;
  /** What a run's SFT learns of a query; null for a folder. */
  learnt(): Learnt | null;
}

/** Training items of one query as SFT itself makes them; of all queries' items `sft.max_chains` may draw some alone. */
export interface Learnt {
  readonly sft: Config["sft"];
  items(example: ShownExample, options: Omit<SftItemOptions, "maxTokens" | "most">): SftItems;
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
    learnt: () => null,
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
      reasoning: config.sft.form !== "gold",
      tags: there("chains/tags.json") ? namedTags(config, readTags(run)) : [],
    },
    learnt: () => {
      const all = there("chains/chains.jsonl") ? readJsonl<Chain>(join(run, "chains", "chains.jsonl")) : [];
      const chains = groupBy(all, (chain) => `${chain.task}/${chain.query}`);
      const asked = new Set(readSplit(run, "chains").map(({ task, id }) => `${task}/${id}`));
      return {
        sft: config.sft,
        items: (example, options) => {
          const key = `${example.task}/${example.id}`;
          const examples = asked.has(key) ? [example] : [];
          return formItems(config, chains.get(key) ?? [], examples, { ...options, maxTokens: config.sft.max_tokens });
        },
      };
    },
  };
}
