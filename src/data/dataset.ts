import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import { type ReadOptions, readAnswers, readLamp } from "./lamp/read.ts";
import { isObject } from "./lamp/record.ts";
import { scanRecords } from "./lamp/scan.ts";
import type { Task } from "./task.ts";
import { isKnownTask, loadTask, taskSaidBy } from "./task-file.ts";
import type { Example } from "./types.ts";

/** One split of a data set on disk. */
export interface Split {
  readonly name: string;
  readonly questions: string;
  /** Null for an unlabelled test split. */
  readonly outputs: string | null;
  /** Streams the examples; may be called again. */
  read(options?: ReadOptions): AsyncGenerator<Example>;
}

export interface Dataset {
  readonly dir: string;
  readonly task: Task;
  /** By name: `train`, `dev`, `test`. */
  readonly splits: Readonly<Record<string, Split>>;
}

const QUESTIONS = /^(.+)_questions\.json$/;

/**
 * Opens a folder of LaMP files, `{split}_questions.json` with `{split}_outputs.json`. The task, unless given, is the
 * folder's own `task.yaml`, else the one that the outputs file names; nothing else is read yet. `how`: what a person
 * writes to give the task.
 */
export async function openDataset(dir: string, options: { task?: Task; how?: string } = {}): Promise<Dataset> {
  const files = listDir(dir);
  const names = files.flatMap((file) => QUESTIONS.exec(file)?.[1] ?? []).sort();
  if (names.length === 0)
    throw new TagprError(
      "data",
      `${dir}: no {split}_questions.json here (found: ${files.slice(0, 6).join(", ") || "nothing"})`,
      {
        hint: "Put train_questions.json, train_outputs.json, dev_questions.json and dev_outputs.json of one task into one folder.",
      },
    );
  const paths = names.map((name) => {
    const outputs = join(dir, `${name}_outputs.json`);
    if (!existsSync(outputs) && name !== "test")
      throw new TagprError("data", `${outputs} is missing: the split ${name} has questions but no golds`, {
        hint: "Put the split's outputs file beside its questions (only a test split may be without).",
      });
    return { name, questions: join(dir, `${name}_questions.json`), outputs: existsSync(outputs) ? outputs : null };
  });
  const task = options.task ?? (await detectTask(dir, paths, options.how ?? "--task LaMP_4"));
  const splits = paths.map((split) => [
    split.name,
    { ...split, read: (read: ReadOptions = {}) => readLamp(task, split.questions, split.outputs, read) },
  ]);
  return { dir, task, splits: Object.fromEntries(splits) as Record<string, Split> };
}

/** One split by name, or an error that names those there are. */
export function splitOf(dataset: Dataset, name: string): Split {
  const split = dataset.splits[name];
  if (split !== undefined) return split;
  throw new TagprError(
    "data",
    `${dataset.dir} has no split ${name} (it has ${Object.keys(dataset.splits).join(", ")})`,
    {
      hint: `Put ${name}_questions.json and ${name}_outputs.json into ${dataset.dir}.`,
    },
  );
}

/** Whole split in memory; for splits that fit (LaMP-4's train, 860 MB of JSON, does not belong here: stream it). */
export async function readAll(split: Split, options: ReadOptions = {}): Promise<Example[]> {
  const all: Example[] = [];
  for await (const example of split.read(options)) all.push(example);
  return all;
}

async function detectTask(
  dir: string,
  splits: readonly { questions: string; outputs: string | null }[],
  how: string,
): Promise<Task> {
  const named = await taskNamed(dir, splits);
  if (named !== null) return "yaml" in named ? loadTask(named.yaml) : taskSaidBy(named.file, named.said, how);
  throw new TagprError("data", `${dir}: no outputs file names its task`, {
    hint: `Say which task it is: ${how}.`,
  });
}

/**
 * Name of the task that a folder's own files say they hold; null where they say none, or one that doesn't come with
 * TagPR and isn't described there.
 */
export async function taskOfFiles({ dir, splits }: Dataset): Promise<string | null> {
  const named = await taskNamed(dir, Object.values(splits));
  if (named === null) return null;
  if ("yaml" in named) return loadTask(named.yaml).name;
  return isKnownTask(named.said) ? loadTask(named.said).name : null;
}

/** The folder's `task.yaml`, else the name in its outputs, and in which. */
async function taskNamed(
  dir: string,
  splits: readonly Pick<Split, "questions" | "outputs">[],
): Promise<{ readonly yaml: string } | { readonly file: string; readonly said: string } | null> {
  const own = join(dir, "task.yaml");
  if (existsSync(own)) return { yaml: own };
  for (const { questions, outputs } of splits) {
    if (outputs === null) continue;
    const { task } = await readAnswers(outputs, { onProblem: () => {} });
    if (task === null) continue;
    // The old news task calls itself LaMP_2 too; its items have a category, the movies' a tag.
    if (/^LaMP[-_]2$/i.test(task) && (await firstItemHas(questions, "category")))
      return { file: outputs, said: "LaMP_2_old" };
    return { file: outputs, said: task };
  }
  return null;
}

async function firstItemHas(questions: string, field: string): Promise<boolean> {
  for await (const { value } of scanRecords(questions)) {
    const profile = isObject(value) ? value.profile : undefined;
    if (Array.isArray(profile) && isObject(profile[0])) return field in profile[0];
  }
  return false;
}

function listDir(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    throw new TagprError("data", readFault(dir, error), {
      hint: "Give the folder that holds the data files.",
      cause: error,
    });
  }
}
