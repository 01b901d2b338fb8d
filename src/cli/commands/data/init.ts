import { existsSync } from "node:fs";
import { Command } from "@commander-js/extra-typings";
import { TagprError } from "../../../core/errors.ts";
import { writeAtomic } from "../../../core/jsonl.ts";
import { initTask } from "../../../data/init-task.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { App } from "../../app.ts";
import { at } from "../options.ts";

/** `tagpr data init`: a first task file from a person's own table. */
export function initCommand({ io }: App): Command {
  const command = new Command("init")
    .description("start a task of your own: guess a task file from a table (JSONL, JSON, CSV, TSV or Parquet)")
    .argument("<table>", "one row a thing that a user wrote, rated or labelled")
    .option("--out <file>", "the task file to write", "task.yaml")
    .option("--force", "write over a file that is there")
    .action(async (table, { out, force }) => {
      const path = at(io, out);
      if (existsSync(path) && force !== true)
        throw new TagprError("usage", `${out} is there already`, { hint: "Give another --out, or --force." });
      const text = await initTask(at(io, table));
      writeAtomic(path, text);
      loadTask(path);
      io.out(`${text}\n`);
      io.err(`Wrote ${out}. Read it and mend it, then: tagpr data build ${out} ${table} --out DIR\n`);
    });
  return command as unknown as Command;
}
