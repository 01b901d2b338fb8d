import { Command, Option } from "@commander-js/extra-typings";
import type { Row } from "../../../data/table/options.ts";
import { writeRows } from "../../../data/table/write.ts";
import { askPrompt } from "../../../prompts/ask.ts";
import type { App } from "../../app.ts";
import { at, NO_DOWNLOAD, requireFree } from "../options.ts";
import { askOptions, K, MAX_TOKENS, MODEL, openAsked, RETRIEVER } from "./asking.ts";

/** `tagpr data export`: a split as one table, with the prompts where a form is named. */
export function exportCommand(app: App): Command {
  const { io } = app;
  const command = new Command("export")
    .description(
      "write a split as one table (JSONL, CSV, TSV or Parquet); with --form the prompts too, and what was cut",
    )
    .argument("<dir>", "a folder in LaMP's layout, or a run")
    .requiredOption("--split <name>", "which split")
    .requiredOption("--out <file>", "the table; its ending says the format")
    .option("--force", "write over a file that is there")
    .addOption(new Option("--form <form>", "TagPR's chat, or LaMP's own prompt").choices(["chat", "official"] as const))
    .option("--task <task>", "a folder: name of the task, or its YAML file")
    .addOption(RETRIEVER)
    .addOption(K)
    .addOption(MODEL)
    .addOption(MAX_TOKENS)
    .addOption(NO_DOWNLOAD)
    .action(async (dir, { split, out, form, force, ...flags }) => {
      requireFree(io, out, force);
      const records = await openAsked(io, dir, flags);
      const options = form === undefined ? null : await askOptions(app, records, form, flags);
      if (options === null && form !== undefined) return;
      const rows: Row[] = [];
      for await (const { task, example } of records.read(split)) {
        const { id, user, date = null, input, gold, shown } = example;
        const base = { task: task.name, id, user, date, input, gold, shown };
        if (options === null) rows.push(base);
        else {
          const { prompt, tokens, cut } = askPrompt(task, example, options);
          rows.push({ ...base, prompt, prompt_tokens: tokens.length, cut });
        }
      }
      await writeRows(at(io, out), rows);
      io.out(`${out}: ${rows.length} rows\n`);
    });
  return command as unknown as Command;
}
