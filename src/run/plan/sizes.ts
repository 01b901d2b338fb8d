import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { type Split, splitOf } from "../../data/dataset.ts";
import type { QueryId } from "../../data/types.ts";
import { openFolder } from "../stages/data-files.ts";
import { worldTasks } from "../stages/data-synthetic.ts";
import { devSize, divide } from "../stages/split.ts";

/** Queries of a task as the data stage would cut them. */
export interface TaskSizes {
  readonly task: string;
  readonly chains: number;
  readonly rl: number;
  readonly prmu: number;
  readonly dev: number;
  /** All of train but dev's: what SFT on all labels sees. */
  readonly labelled: number;
  readonly test: number;
  /** Chains that stated rules make of them, where they are the only teachers and the data is there to see. */
  readonly byRules?: number;
  /** Whether the queries name their users; taken as no where the data isn't there. */
  readonly users: boolean;
}

/** Train and validation queries of LaMP's time-based split: the paper's Table 4. */
const LAMP: Readonly<Record<string, readonly [number, number]>> = {
  LaMP_1: [6542, 1500],
  LaMP_2: [5073, 1410],
  LaMP_3: [20_000, 2500],
  LaMP_4: [12_500, 1500],
  LaMP_5: [14_682, 1500],
  LaMP_7: [13_437, 1498],
};

/** Sizes of every task, and what was taken for granted where the data isn't there. */
export async function taskSizes(config: Config): Promise<{ tasks: TaskSizes[]; notes: string[] }> {
  const { data } = config;
  if (data.source === "synthetic")
    return { tasks: worldTasks(data).map((name) => syntheticSizes(name, config)), notes: [] };
  if (data.paths.length === 0)
    return {
      tasks: Object.entries(LAMP).map(([task, [train, dev]]) => cut(task, train, dev, config)),
      notes: ["No --data is given: the six LaMP tasks with the sizes of the paper's Table 4."],
    };
  const notes: string[] = [];
  const tasks: TaskSizes[] = [];
  for (const path of data.paths) {
    const known = LAMP[basename(path)];
    if (!existsSync(path) && known !== undefined) {
      notes.push(`${path} is not there: ${basename(path)} with the sizes of the paper's Table 4.`);
      tasks.push(cut(basename(path), known[0], known[1], config));
    } else tasks.push(await countFolder(path, config));
  }
  return { tasks, notes };
}

async function countFolder(path: string, config: Config): Promise<TaskSizes> {
  const dataset = await openFolder(path, config.data);
  const count = async (split: Split): Promise<{ n: number; users: boolean }> => {
    let [n, users] = [0, false];
    for await (const { profile, user } of split.read()) {
      if (profile.length < config.data.min_items) continue;
      n++;
      users ||= user !== null;
    }
    return { n, users };
  };
  const train = await count(splitOf(dataset, "train"));
  const { n: evaluation } = await count(splitOf(dataset, "dev"));
  return { ...cut(dataset.task.name, train.n, evaluation, config), users: train.users };
}

function syntheticSizes(task: string, { data }: Config): TaskSizes {
  const { chains, dev, strata } = data;
  const rl = data.rl_of[task] ?? data.rl;
  const prmu = data.prmu_from === "rl" ? rl : data.prmu;
  const test = strata.seen + strata.unseen + strata.cold || data.test;
  const labelled = chains + rl + (data.prmu_from === "rl" ? 0 : prmu);
  return { task, chains, rl, prmu, dev, labelled, test, users: true };
}

/** The data stage's own rule on so many queries. */
function cut(task: string, train: number, evaluation: number, { data }: Config): TaskSizes {
  const dev = devSize(train, data.dev);
  const ids = Array.from({ length: train - dev }, (_, i) => `${i}` as QueryId);
  const parts = divide(ids, { ...data, rl: data.rl_of[task] ?? data.rl });
  const { chains, rl, prmu } = parts;
  const sizes = {
    chains: chains.size,
    rl: rl.size,
    prmu: prmu.size,
    dev,
    labelled: train - dev,
    test: Math.min(data.test, evaluation),
  };
  return { task, ...sizes, users: false };
}
