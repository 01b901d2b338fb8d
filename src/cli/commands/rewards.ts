import { Command, Option } from "@commander-js/extra-typings";
import { explainFile } from "../../run/explain.ts";
import type { App } from "../app.ts";
import { at, positiveNumber, taskName } from "./options.ts";

/** `tagpr rewards explain FILE`. */
export function rewardsCommand({ io }: App): Command {
  const command = new Command("rewards").description("the five signals of the reward");
  command
    .command("explain")
    .description("say what a response earns, signal by signal, and why")
    .argument("<file>", "a run's samples.jsonl, or a JSON file {task, gold, text}")
    .addOption(
      new Option("--line <n>", "which line of a JSON Lines file (default: its first response)").argParser(
        positiveNumber,
      ),
    )
    .option("--run <folder>", "take weights, tags and tasks from this run (default: the run that the file stands in)")
    .addOption(new Option("--stage <stage>", "whose weights").choices(["guided", "explore"] as const))
    .option("--task <task>", "name of the task, or its YAML file (default: what the file says)")
    .option("--json", "as JSON")
    .action((file, { line, run, stage, task, json }) => {
      const told = explainFile(at(io, file), {
        ...(line === undefined ? {} : { line }),
        ...(run === undefined ? {} : { run: at(io, run) }),
        ...(stage === undefined ? {} : { stage }),
        ...(task === undefined ? {} : { task: taskName(io, task) }),
      });
      io.out(json === true ? `${JSON.stringify(told, null, 2)}\n` : `${asText(told)}\n`);
    });
  return command as unknown as Command;
}

type Told = ReturnType<typeof explainFile>;

function asText({ title, signals, total, form }: Told): string {
  const number = (x: number): string => x.toFixed(3).padStart(7);
  const rows = signals.map(
    ({ signal, value, weight, part, why }) =>
      `  ${signal.padEnd(16)}${number(value)} × ${weight.toFixed(2)} = ${number(part)}   ${why}`,
  );
  const notes = form.map((note) => `  ${note}`);
  return [title, ...rows, `  ${"total".padEnd(23)}          ${number(total)}`, ...notes].join("\n");
}
