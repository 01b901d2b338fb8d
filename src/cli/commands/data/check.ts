import { Command } from "@commander-js/extra-typings";
import { type CheckReport, checkData, type OddInputs } from "../../../data/check.ts";
import type { Leak } from "../../../data/leaks.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { App } from "../../app.ts";
import { align } from "../../table.ts";
import { at, taskName } from "../options.ts";

/** Ids named on the terminal a leak; `--json` has them all. */
const NAMED = 5;

export function checkCommand({ io, outcome }: App): Command {
  const command = new Command("check")
    .description("count a folder's records beside the paper's Table 4, and name every bad record and leak")
    .argument("<dir...>", "folders in LaMP's layout, one a task")
    .option("--task <task>", "name of the task, or its YAML file (default: what the folder says)")
    .option("--json", "print the whole report as JSON")
    .action(async (dirs, { task, json }) => {
      const options = task === undefined ? {} : { task: loadTask(taskName(io, task)) };
      const reports: (CheckReport & { dir: string })[] = [];
      for (const dir of dirs) {
        reports.push({ dir, ...(await checkData(at(io, dir), options)) });
        if (json !== true) io.out(reportText(dir, reports.at(-1) as CheckReport));
      }
      if (json === true) io.out(`${JSON.stringify(reports, null, 2)}\n`);
      if (reports.some(({ ok }) => !ok)) outcome.code = 3;
    });
  return command as unknown as Command;
}

function reportText(dir: string, report: CheckReport): string {
  const counts = [
    ["split", "queries", "Table 4", "users", "with gold", "items (least, median, most)"],
    ...report.splits.map(({ split, queries, paper, users, withGold, items }) => [
      split,
      String(queries),
      paper === null ? "–" : paper === queries ? `${paper} =` : `${paper} ≠`,
      users === null ? "not named" : String(users),
      String(withGold),
      `${items.least}, ${items.median}, ${items.most}`,
    ]),
  ];
  const strange = report.splits.flatMap(({ split, strangeGolds }) =>
    Object.entries(strangeGolds).map(([gold, n]) => `  ${split}: ${n} golds are ${JSON.stringify(gold)}, no label`),
  );
  return [
    `${dir}: ${report.task}`,
    ...align(counts),
    ...section(
      "bad records (left out of the counts)",
      report.kinds.map((line) => `  ${line}`),
      report.problems.length,
    ),
    ...section("golds that are no label of the task", strange),
    ...section("inputs that are not of the task's form", report.inputs.filter(({ meant }) => !meant).map(inputLine)),
    ...section("leaks", report.leaks.filter(({ meant }) => !meant).map(leakLine)),
    ...section("told, but no fault", [
      ...report.inputs.filter(({ meant }) => meant).map(inputLine),
      ...report.leaks.filter(({ meant }) => meant).map(leakLine),
    ]),
    report.ok ? "no fault found" : "faults found: see above",
    "",
  ].join("\n");
}

const section = (title: string, lines: readonly string[], count = lines.length): string[] =>
  lines.length === 0 ? [] : [`${title}: ${count}`, ...lines];

const leakLine = ({ kind, message, ids }: Leak): string => `  ${kind}: ${message}: ${named(ids)}`;
const inputLine = ({ message, ids }: OddInputs): string => `  ${message}: ${named(ids)}`;

const named = (ids: readonly string[]): string =>
  `${ids.length} (${ids.slice(0, NAMED).join(", ")}${ids.length > NAMED ? ", …" : ""})`;
