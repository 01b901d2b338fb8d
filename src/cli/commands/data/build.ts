import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../../core/errors.ts";
import { writeAtomic } from "../../../core/jsonl.ts";
import { writeLamp } from "../../../data/lamp/write.ts";
import { maxHistory, type Query, queriesFromRows } from "../../../data/records.ts";
import { readAllRows } from "../../../data/rows.ts";
import { splitByTime, splitByUser } from "../../../data/split.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { Example } from "../../../data/types.ts";
import type { App } from "../../app.ts";
import { at, taskName, wholeNumber } from "../options.ts";
import { tellProblems } from "./problems.ts";

/** `tagpr data build`: queries with their histories, in LaMP's layout, from a table and the task's `record` columns. */
export function buildCommand({ io }: App): Command {
  const command = new Command("build")
    .description("make queries with their histories, in LaMP's layout, from a table of your own")
    .argument("<task>", "the task's YAML file (tagpr data init starts one), or the name of one that comes with TagPR")
    .argument(
      "<tables...>",
      "JSONL, JSON, CSV, TSV or Parquet files, one row a thing that a user wrote, rated or labelled",
    )
    .requiredOption("--out <folder>", "where {train,dev}_{questions,outputs}.json go")
    .addOption(
      new Option("--split <by>", "user: dev's users are not in train; time: each user's newest query is dev's")
        .choices(["user", "time"] as const)
        .default("user" as const),
    )
    .addOption(
      new Option("--dev <share>", "share of the users in dev, with --split user").argParser(share).default(0.2),
    )
    .addOption(new Option("--seed <n>", "seed of the split").argParser(wholeNumber).default(0))
    .option("--skip-bad", "leave bad rows out (each is told); without it they end the command")
    .action(async (name, tables, { out, split, dev, seed, skipBad }) => {
      const path = taskName(io, name);
      const task = loadTask(path);
      const problems: string[] = [];
      const rows = readAllRows(tables.map((table) => at(io, table)));
      const queries = await queriesFromRows(task, rows, ({ message }) => problems.push(message));
      tellProblems(io, problems, skipBad === true);
      const parts = split === "time" ? splitByTime(queries) : splitByUser(queries, { seed, devShare: dev });
      if (parts.train.length === 0 || parts.dev.length === 0)
        throw new TagprError("data", `${queries.length} queries can't be cut into train and dev by ${split}`, {
          hint: "A row becomes a query when its user has enough earlier rows: see record.minHistory in the task file.",
        });
      const dir = at(io, out);
      await writeLamp(dir, "train", task, made(parts.train));
      await writeLamp(dir, "dev", task, made(parts.dev));
      if (path.endsWith(".yaml") || path.endsWith(".yml"))
        writeAtomic(join(dir, "task.yaml"), readFileSync(path, "utf8"));
      io.out(`${told("train", parts.train)}\n${told("dev", parts.dev)}\n`);
      const cut = queries.filter((query) => query.cut).length;
      if (cut > 0 && task.record !== undefined)
        io.err(`${cut} histories hold the newest ${maxHistory(task.record)} of their items (record.maxHistory)\n`);
      io.err(`Next: tagpr data check ${out}, then: tagpr run presets/smollm2.yaml --data ${out} --out RUN\n`);
    });
  return command as unknown as Command;
}

/** One at a time: together their histories are far more than the table. */
function* made(queries: readonly Query[]): Generator<Example> {
  for (const query of queries) yield query.make();
}

function told(name: string, queries: readonly Query[]): string {
  const users = new Set(queries.map((query) => query.user));
  return `${name}: ${queries.length} queries of ${users.size} users`;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("not a share between 0 and 1");
  return value;
}
