import { Command, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../core/errors.ts";
import { nearest } from "../../core/yaml-file.ts";
import type { MetricName } from "../../metrics/score.ts";
import { type OfficialFile, writeOfficial } from "../../suites/official.ts";
import type { App } from "../app.ts";
import { openSource } from "../suite/open-source.ts";
import { align } from "../table.ts";
import { at } from "./options.ts";

/** `tagpr official DIR --out OUT`: an evaluation as LaMP's own evaluation code takes it. */
export function officialCommand(app: App): Command {
  const command = new Command("official")
    .description(
      "write predictions and golds in LaMP's own output format, one file a method and task, and LaMP's metrics",
    )
    .argument("<dir>", "folder of a run that was evaluated, or of a suite")
    .requiredOption("--out <dir>", "folder to write into")
    .option("--methods <names>", "whose answers, comma-separated (default: all)")
    .option("--tasks <names>", "of which tasks, comma-separated, LaMP-2 or so (default: all)")
    .option("--cell <id>", "of a suite: which evaluation (default: the first)")
    .addOption(
      new Option("--reading <reading>", "how answers are read (default: as the evaluation counts them)").choices([
        "strict",
        "lenient",
      ] as const),
    )
    .addOption(new Option("--json", "the scores as JSON"))
    .action(async (given, { out, methods, tasks, cell, reading, json }) => {
      const { evaluation } = openSource(at(app.io, given), cell);
      const files = await writeOfficial(at(app.io, out), evaluation, {
        ...(reading === undefined ? {} : { reading }),
        ...(methods === undefined ? {} : { methods: listed(methods, evaluation.methods, "methods") }),
        ...(tasks === undefined
          ? {}
          : {
              tasks: listed(
                tasks.replaceAll("LaMP-", "LaMP_"),
                evaluation.tasks.map(({ name }) => name),
                "tasks",
              ),
            }),
      });
      const scores = files.map(({ task, ...one }) => ({ ...one, task: task.name }));
      app.io.out(json === true ? `${JSON.stringify(scores)}\n` : `${scoreLines(files).join("\n")}\n`);
    });
  return command as unknown as Command;
}

/** @throws TagprError `usage` on a name that the evaluation does not have */
function listed(text: string, known: readonly string[], flag: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  const near = nearest(unknown, known);
  throw new TagprError(
    "usage",
    `--${flag}: the evaluation has no ${unknown}${near === undefined ? "" : ` (did you mean ${near}?)`}`,
    { hint: `It has ${known.join(", ")}.` },
  );
}

/** A table a task: LaMP's metrics of each method's file. */
function scoreLines(files: readonly OfficialFile[]): string[] {
  const tasks = [...new Set(files.map(({ task }) => task.name))];
  return tasks.flatMap((name) => {
    const own = files.filter(({ task }) => task.name === name);
    const metrics = Object.keys(own[0]?.metrics ?? {}) as MetricName[];
    return [
      `${name}: ${own[0]?.n ?? 0} queries`,
      ...align([
        ["method", ...metrics, "file"],
        ...own.map((one) => [
          one.method,
          ...metrics.map((metric) => (one.metrics[metric] ?? Number.NaN).toFixed(4)),
          one.path,
        ]),
      ]),
      "",
    ];
  });
}
