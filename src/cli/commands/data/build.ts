import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../../core/errors.ts";
import { writeAtomic } from "../../../core/jsonl.ts";
import { writeLamp } from "../../../data/lamp/write.ts";
import { refuseForeign, sealFolder } from "../../../data/owned.ts";
import { tally } from "../../../data/problem.ts";
import { maxHistory, type Query, queriesFromRows } from "../../../data/records.ts";
import { estimatedBytes, freeBytes, sizeText } from "../../../data/size.ts";
import { splitByTime, splitByUser } from "../../../data/split.ts";
import type { Task } from "../../../data/task.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { Example } from "../../../data/types.ts";
import type { App } from "../../app.ts";
import type { Io } from "../../io.ts";
import { at, taskName, wholeNumber } from "../options.ts";
import { countedRows, tellProblems } from "./problems.ts";
import { COLUMNS, DATE_FORMAT, DELIMITER, ENCODING, HEADER, tableOptions } from "./table-flags.ts";

const FILES = ["train_questions.json", "train_outputs.json", "dev_questions.json", "dev_outputs.json"];

/** `tagpr data build`: queries with their histories, in LaMP's layout, from a table and the task's `record` columns. */
export function buildCommand({ io }: App): Command {
  const command = new Command("build")
    .description("make queries with their histories, in LaMP's layout, from a table of your own")
    .argument("<task>", "the task's YAML file (tagpr data init starts one), or the name of one that comes with TagPR")
    .argument(
      "<tables...>",
      "JSONL, JSON, CSV, TSV or Parquet files, also .gz and .zst, one row a thing that a user wrote, rated or labelled",
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
    .option("--skip-bad", "leave bad rows out (they are told and counted); without it they end the command")
    .option("--force", "write over files in --out that were not built there")
    .addOption(DATE_FORMAT)
    .addOption(ENCODING)
    .addOption(DELIMITER)
    .addOption(COLUMNS)
    .addOption(HEADER)
    .action(async (name, tables, { out, split, dev, seed, skipBad, force, dateFormat, ...flags }) => {
      const path = taskName(io, name);
      const task = withDateFormat(loadTask(path), dateFormat);
      const dir = at(io, out);
      const own = /\.ya?ml$/.test(path);
      await refuseForeign(dir, [...FILES, ...(own ? ["task.yaml"] : [])], force === true);
      const queries = await queriesOf(io, task, tables, { ...flags, skipBad });
      const parts = split === "time" ? splitByTime(queries) : splitByUser(queries, { seed, devShare: dev });
      if (parts.train.length === 0 || parts.dev.length === 0)
        throw new TagprError("data", `${queries.length} queries can't be cut into train and dev by ${split}`, {
          hint: `A row becomes a query when its user has enough earlier rows: see record.minHistory in the task file.${split === "user" ? " By user it takes two users at least; --split time takes one." : ""}`,
        });
      tellSize(io, dir, out, queries);
      await writeLamp(dir, "train", task, made(parts.train));
      await writeLamp(dir, "dev", task, made(parts.dev));
      if (own) writeAtomic(join(dir, "task.yaml"), readFileSync(path, "utf8"));
      await sealFolder(dir, own ? [...FILES, "task.yaml"] : FILES, { task: task.name, tables, split, dev, seed });
      io.out(`${told("train", parts.train)}\n${told("dev", parts.dev)}\n`);
      const cut = queries.filter((query) => query.cut).length;
      if (cut > 0 && task.record !== undefined)
        io.err(`${cut} histories hold the newest ${maxHistory(task.record)} of their items (record.maxHistory)\n`);
      io.err(`Next: tagpr data check ${out}, then: tagpr run presets/own-data.yaml --data ${out} --out RUN\n`);
    });
  return command as unknown as Command;
}

const withDateFormat = (task: Task, dateFormat: string | undefined): Task =>
  dateFormat === undefined || task.record === undefined ? task : { ...task, record: { ...task.record, dateFormat } };

async function queriesOf(
  io: Io,
  task: Task,
  tables: readonly string[],
  { skipBad, ...flags }: Parameters<typeof tableOptions>[1] & { readonly skipBad?: boolean | undefined },
): Promise<Query[]> {
  const problems = tally();
  const options = tableOptions(io, flags);
  const { rows, count } = countedRows(
    tables.map((table) => at(io, table)),
    { ...options, onProblem: problems.add },
  );
  const notes: string[] = [];
  const queries = await queriesFromRows(task, rows, { onProblem: problems.add, onNote: (note) => notes.push(note) });
  tellProblems(io, problems, skipBad === true, count());
  for (const note of notes) io.err(`${note}\n`);
  return queries;
}

/** What will be written, before it is; a disk that can't hold it is refused now, not when it is full. */
function tellSize(io: Io, dir: string, out: string, queries: readonly Query[]): void {
  const [bytes, free] = [estimatedBytes(queries), freeBytes(dir)];
  if (free !== null && bytes > free)
    throw new TagprError(
      "environment",
      `about ${sizeText(bytes)} are to be written to ${out}, where ${sizeText(free)} are free`,
      {
        hint: "Make room, choose another --out, or lower record.maxHistory or record.maxQueries in the task file.",
      },
    );
  io.err(`Writing about ${sizeText(bytes)} to ${out}\n`);
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
