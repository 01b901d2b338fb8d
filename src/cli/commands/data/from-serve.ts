import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../../core/errors.ts";
import { writeAtomic } from "../../../core/jsonl.ts";
import { writeLamp } from "../../../data/lamp/write.ts";
import { refuseForeign, sealFolder } from "../../../data/owned.ts";
import { splitByTime, splitByUser } from "../../../data/split.ts";
import type { Task } from "../../../data/task.ts";
import { loadTask, taskSaidBy } from "../../../data/task-file.ts";
import type { Example } from "../../../data/types.ts";
import { feedbackTasks } from "../../../store/feedback.ts";
import { type FeedbackQueries, feedbackQueries } from "../../../store/feedback-queries.ts";
import type { Store } from "../../../store/open.ts";
import type { App } from "../../app.ts";
import type { Io } from "../../io.ts";
import { withStore } from "../../stores.ts";
import { at, taskName, wholeNumber } from "../options.ts";

const FILES = ["train_questions.json", "train_outputs.json", "dev_questions.json", "dev_outputs.json"];

/** `tagpr data from-serve`: what users said of answers, as a folder that a run trains on. */
export function fromServeCommand({ io }: App): Command {
  const command = new Command("from-serve")
    .description("make queries with their histories, in LaMP's layout, from the feedback in a store of tagpr serve")
    .argument("[store]", "the store, as tagpr serve has it (default: TAGPR_STORE)")
    .requiredOption("--out <folder>", "where {train,dev}_{questions,outputs}.json go")
    .option("--task <task>", "name of the task, or its YAML file (needed where there is feedback on several)")
    .addOption(
      new Option("--split <by>", "user: dev's users are not in train; time: each user's newest query is dev's")
        .choices(["user", "time"] as const)
        .default("user" as const),
    )
    .addOption(
      new Option("--dev <share>", "share of the users in dev, with --split user").argParser(upToOne).default(0.2),
    )
    .addOption(new Option("--seed <n>", "seed of the split").argParser(wholeNumber).default(0))
    .addOption(
      new Option("--min-grade <grade>", "from this grade on an answer is taken for the true one, where none was told")
        .argParser(upToOne)
        .default(1),
    )
    .option("--force", "write over files in --out that were not built there")
    .action(async (url, { out, task: named, split, dev, seed, minGrade, force }) => {
      const dir = at(io, out);
      const { task, path, found } = await withStore(io, url, { make: false }, async (store) => {
        const chosen = await taskOf(io, store, named);
        return { ...chosen, found: await feedbackQueries(store, chosen.task, { minGrade }) };
      });
      await refuseForeign(dir, [...FILES, ...(path === null ? [] : ["task.yaml"])], force === true);
      tellLeftOut(io, found, minGrade);
      const parts = split === "time" ? splitByTime(found.queries) : splitByUser(found.queries, { seed, devShare: dev });
      if (parts.train.length === 0 || parts.dev.length === 0)
        throw new TagprError("data", `${found.queries.length} queries can't be cut into train and dev by ${split}`, {
          hint:
            split === "user"
              ? "By user it takes two users at least; --split time takes one user with two queries."
              : "By time it takes a user with two queries at least.",
        });
      await writeLamp(dir, "train", task, parts.train);
      await writeLamp(dir, "dev", task, parts.dev);
      if (path !== null) writeAtomic(join(dir, "task.yaml"), readFileSync(path, "utf8"));
      const files = path === null ? FILES : [...FILES, "task.yaml"];
      await sealFolder(dir, files, { task: task.name, split, dev, seed, minGrade });
      io.out(`${told("train", parts.train)}\n${told("dev", parts.dev)}\n`);
      io.err(`Next: tagpr data check ${out}, then: tagpr run presets/own-data.yaml --data ${out} --out RUN\n`);
      io.err("What is exported holds its users, and an erasure in the store doesn't reach it.\n");
    });
  return command as unknown as Command;
}

/** The task that is exported, and the YAML file that says what it is, of one of a person's own. */
async function taskOf(
  io: Io,
  store: Store,
  named: string | undefined,
): Promise<{ readonly task: Task; readonly path: string | null }> {
  const tasks = await feedbackTasks(store);
  const list = tasks.length === 0 ? "there is none, of users who consent" : `there is some on ${tasks.join(", ")}`;
  if (named === undefined && tasks.length !== 1)
    throw new TagprError("data", `which feedback is exported is not clear: ${list}`, {
      hint: tasks.length === 0 ? "docs/serving.md tells how it is given." : "Name one with --task.",
    });
  const path = named === undefined ? null : taskName(io, named);
  const task = path === null ? taskSaidBy(store.name, tasks[0] ?? "", "--task TASK.yaml") : loadTask(path);
  if (!tasks.includes(task.name))
    throw new TagprError("data", `there is no feedback on ${task.name}: ${list}`, {
      hint: "Name another with --task.",
    });
  return { task, path: path !== null && /\.ya?ml$/.test(path) ? path : null };
}

function tellLeftOut(io: Io, { wrong, again, known }: FeedbackQueries, minGrade: number): void {
  const lines: readonly (readonly [n: number, what: string])[] = [
    [wrong, `say no true answer (graded below ${minGrade}, or the answer could not be read)`],
    [again, "are of a question that the same user answered again later"],
    [known, "are of a question that stood in the user's history already"],
  ];
  for (const [n, what] of lines) if (n > 0) io.err(`left out: ${n} ${what}\n`);
}

function told(name: string, queries: readonly Example[]): string {
  const users = new Set(queries.map(({ user }) => user));
  return `${name}: ${queries.length} queries of ${users.size} users`;
}

function upToOne(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 1)) throw new InvalidArgumentError("not a number above 0, up to 1");
  return value;
}
