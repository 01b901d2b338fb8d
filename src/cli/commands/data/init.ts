import { existsSync } from "node:fs";
import { Command } from "@commander-js/extra-typings";
import { TagprError } from "../../../core/errors.ts";
import { writeAtomic } from "../../../core/jsonl.ts";
import { initTask } from "../../../data/init-task.ts";
import { tally } from "../../../data/problem.ts";
import type { App } from "../../app.ts";
import { at } from "../options.ts";
import { tellProblems } from "./problems.ts";
import { COLUMNS, DATE_FORMAT, DELIMITER, ENCODING, HEADER, tableOptions, typedFlags } from "./table-flags.ts";

/** `tagpr data init`: a first task file from a person's own table. */
export function initCommand({ io }: App): Command {
  const command = new Command("init")
    .description("start a task of your own: guess a task file from a table (JSONL, JSON, CSV, TSV or Parquet)")
    .argument("<table>", "one row a thing that a user wrote, rated or labelled")
    .option("--out <file>", "the task file to write", "task.yaml")
    .option("--force", "write over a file that is there")
    .option("--skip-bad", "leave lines that can't be read out (they are told and counted)")
    .addOption(DATE_FORMAT)
    .addOption(ENCODING)
    .addOption(DELIMITER)
    .addOption(COLUMNS)
    .addOption(HEADER)
    .action(async (table, { out, force, skipBad, dateFormat, ...flags }) => {
      const path = at(io, out);
      if (existsSync(path) && force !== true)
        throw new TagprError("usage", `${out} is there already`, { hint: "Give another --out, or --force." });
      const problems = tally();
      const { text, warnings, rows } = await initTask(at(io, table), {
        ...tableOptions(io, flags),
        ...(dateFormat === undefined ? {} : { dateFormat }),
        onProblem: problems.add,
      }).catch((error: unknown) => {
        // Lines that can't be read say more than "too few to guess from".
        tellProblems(io, problems, skipBad === true);
        throw error;
      });
      tellProblems(io, problems, skipBad === true, rows + problems.count());
      writeAtomic(path, text);
      io.out(`${text}\n`);
      for (const warning of warnings) io.err(`WARNING: ${warning}\n`);
      const next = `tagpr data build ${out} ${table}${typedFlags(flags)}${skipBad === true ? " --skip-bad" : ""} --out DIR`;
      io.err(`Wrote ${out}. Read it and mend it, then: ${next}\n`);
    });
  return command as unknown as Command;
}
