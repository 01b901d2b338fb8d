import { existsSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../core/errors.ts";
import { type Dataset, openDataset, taskOfFiles } from "../data/dataset.ts";
import { streamShown } from "../data/shown.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem } from "../data/types.ts";

/** Histories of the users of a folder of data, by user id. */
export interface Users {
  /** Oldest first; undefined where the task has no such user. */
  find(task: string, user: string): readonly ProfileItem[] | undefined;
  /** Some of them, for a person who looks for one. */
  readonly some: readonly string[];
  readonly count: number;
}

/** How many {@link Users.some} are. */
const SOME = 5;
const SPLITS = ["test", "dev", "train"];

/**
 * Users of a folder in LaMP's layout, or of a run (the items that it shows of its evaluation's users). Of each user the longest
 * history there is; where a split names no users, each query is one. `only`: nobody else is kept.
 * @throws TagprError where the folder holds a task that isn't asked
 */
export async function readUsers(dir: string, tasks: readonly Task[], only?: string): Promise<Users> {
  const known = new Map<string, readonly ProfileItem[]>();
  const some = new Set<string>();
  let count = 0;
  for await (const { task, user, items } of existsSync(join(dir, "run.json")) ? ofRun(dir) : ofFolder(dir, tasks)) {
    const key = keyOf(task, user);
    if (some.size < SOME) some.add(user);
    if (only !== undefined && user !== only) continue;
    const before = known.get(key);
    if (before === undefined) count++;
    if (items.length > (before?.length ?? -1)) known.set(key, items);
  }
  return { find: (task, user) => known.get(keyOf(task, user)), some: [...some], count };
}

const keyOf = (task: string, user: string): string => JSON.stringify([task, user]);

interface Found {
  readonly task: string;
  readonly user: string;
  readonly items: readonly ProfileItem[];
}

async function* ofRun(run: string): AsyncGenerator<Found> {
  const path = join(run, "data", "test.jsonl");
  if (!existsSync(path))
    throw new TagprError("run", `${run} has no data yet`, { hint: `Do its first stage: tagpr data ${run}.` });
  for await (const { task, user, id, shown } of streamShown(path)) yield { task, user: user ?? id, items: shown };
}

async function* ofFolder(dir: string, tasks: readonly Task[]): AsyncGenerator<Found> {
  const { splits, task } = await openFor(dir, tasks);
  for (const name of SPLITS)
    for await (const { user, id, profile } of splits[name]?.read() ?? [])
      yield { task: task.name, user: user ?? id, items: profile };
}

/** A folder whose files name a task is of that one, else of the one that is asked first. */
async function openFor(dir: string, tasks: readonly Task[]): Promise<Dataset> {
  const [first] = tasks;
  const dataset = await openDataset(dir, first === undefined ? {} : { task: first });
  const said = await taskOfFiles(dataset);
  const task = said === null ? first : tasks.find(({ name }) => name === said);
  if (task === undefined)
    throw new TagprError(
      "usage",
      `${dir} holds ${said}, which is not asked here (${tasks.map(({ name }) => name).join(", ")})`,
      {
        hint: `Name it with --task ${said}, or give another folder.`,
      },
    );
  return task === first ? dataset : openDataset(dir, { task });
}
