import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { onMachine } from "../../model/machine.ts";
import { readRecord } from "../../model/record.ts";
import { retrace } from "../../run/evaluation/retrace.ts";
import { findAnswer } from "../../suites/find-answer.ts";
import type { App } from "../app.ts";
import { modelDir } from "../engines.ts";
import { openSource } from "../suite/open-source.ts";
import { whyText } from "../suite/why-text.ts";
import { at } from "./options.ts";

/** `tagpr why DIR`: where one number comes from, down to the prompt and the items with what they were chosen by. */
export function whyCommand(app: App): Command {
  const command = new Command("why")
    .description(
      "show where one answer comes from: prompt, items with their retrieval scores, samples, answer read, each metric",
    )
    .argument("<dir>", "folder of a suite, or of a run that was evaluated")
    .requiredOption("--task <task>", "name of the task")
    .requiredOption("--method <method>", "whose answer")
    .requiredOption("--query <id>", "to which query")
    .option("--cell <id>", "of a suite: which evaluation (default: the first that has the method)")
    .option("--swapped", "the answer with another user's items")
    .addOption(new Option("--redact", "users' texts stand by their lengths alone"))
    .option("--json", "as JSON")
    .action(async (given, flags) => {
      const dir = at(app.io, given);
      const { evaluation } = openSource(dir, flags.cell, flags.method);
      const { run } = evaluation;
      const { prediction, example } = await findAnswer(evaluation, run, { ...flags, swapped: flags.swapped === true });
      const machine = readRecord(run)?.machine;
      const config = machine === undefined ? evaluation.config : onMachine(evaluation.config, machine);
      const engines = app.openEngines({ config, run, io: app.io });
      try {
        const context = {
          run,
          dir: join(evaluation.dir, "eval"),
          config,
          engines,
          modelDir: (name: string) => modelDir(app.io, name),
        };
        const { tasks } = evaluation;
        const traced = example === null ? null : await retrace(context, { method: flags.method, example, tasks });
        app.io.out(
          flags.json === true
            ? `${JSON.stringify({ cell: evaluation.id, prediction, example, traced }, null, 2)}\n`
            : whyText({ evaluation, prediction, example, traced, method: flags.method, redact: flags.redact === true }),
        );
      } finally {
        await engines.close();
      }
    });
  return command as unknown as Command;
}
