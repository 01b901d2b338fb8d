import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { loadConfig } from "../../../core/config/load.ts";
import type { Config } from "../../../core/config/schema.ts";
import { TagprError } from "../../../core/errors.ts";
import { packageRoot } from "../../../core/installation.ts";
import { type CheckReport, checkData, type OddInputs } from "../../../data/check.ts";
import { openDataset } from "../../../data/dataset.ts";
import type { Leak } from "../../../data/leaks.ts";
import type { Task } from "../../../data/task.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { Question } from "../../../data/types.ts";
import { checkGolds } from "../../../rewards/golds.ts";
import { endsEarly, type Foreseen, foresee, foreseenText, refusalOf } from "../../../run/support/foreseen.ts";
import { firstShown, type SetSupport, supportOf, supportText } from "../../../run/support/set.ts";
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
      const reports: (Checked & { dir: string })[] = [];
      for (const dir of dirs) {
        const checked = await check(at(io, dir), options);
        reports.push({ dir, ...checked });
        if (json !== true) io.out(reportText(dir, checked));
      }
      if (json === true) io.out(`${JSON.stringify(reports, null, 2)}\n`);
      if (reports.some(({ ok }) => !ok)) outcome.code = 3;
    });
  return command as unknown as Command;
}

type Gold = Pick<Question, "id" | "gold">;

interface Checked extends CheckReport {
  /** What the training queries can support, at the settings of `presets/own-data.yaml`; null where that can't be told. */
  readonly support: Support | null;
  /** What the gold answers would earn against themselves, as a run asks before it starts; empty where all earn 1. */
  readonly rewards: readonly { readonly message: string; readonly meant: boolean; readonly ids: readonly string[] }[];
}

async function check(dir: string, options: { task?: Task }): Promise<Checked> {
  const golds: Gold[] = [];
  let task: Task | null = null;
  const seeGold = (own: Task, { id, gold }: Question): void => {
    task = own;
    golds.push({ id, gold });
  };
  const report = await checkData(dir, { ...options, seeGold });
  // Golds that are no label are named already.
  if (task === null || report.splits.some(({ strangeGolds }) => Object.keys(strangeGolds).length > 0))
    return { ...report, rewards: [], support: null };
  const rewards = rewardsOf(task, golds);
  const support = report.ok ? await supportIn(dir, options) : null;
  return { ...report, rewards, support, ok: report.ok && rewards.every(({ meant }) => meant) };
}

/** The settings that a run on one's own data has. */
const OWN = "presets/own-data.yaml";
const ownConfig = (): Config => loadConfig(join(packageRoot(), OWN), []);

/** What the set can support, and what a run would make of it, or the sentence that it would be refused with. */
type Support = SetSupport & { readonly run: Foreseen | string };

async function supportIn(dir: string, options: { task?: Task }): Promise<Support | null> {
  const dataset = await openDataset(dir, options);
  if (dataset.splits.train === undefined) return null;
  const config = ownConfig();
  const support = supportOf(dataset.task, await firstShown(dataset, config), config);
  return support === null ? null : { ...support, run: await foresee(dataset, config).catch(refusalOf) };
}

function supportLines(support: Support): string[] {
  const { run } = support;
  const more = typeof run === "string" ? [run] : foreseenText(run, support);
  return [...supportText(support, ownConfig().chains), ...more].map((line) => `  ${line}`);
}

/** The last line: whether the files have a fault, and whether a run would end early although they have none. */
function verdictOf({ ok, support }: Checked): string {
  if (!ok) return "faults found: see above";
  const early = support !== null && (typeof support.run === "string" || endsEarly(support.run, support));
  return early ? `no fault found, but a run by ${OWN} would end before it trains: see above` : "no fault found";
}

/** A run with such golds is refused (`meant` false), or says that some earn less than 1. */
function rewardsOf(task: Task, golds: readonly Gold[]): Checked["rewards"] {
  try {
    const { short } = checkGolds(task, golds);
    const message = "gold answers would earn less than 1 against themselves";
    return short.length === 0 ? [] : [{ message, meant: true, ids: short.map(({ id }) => id) }];
  } catch (error) {
    if (!(error instanceof TagprError) || error.code !== "data") throw error;
    return [{ message: `${error.message}. ${error.hint ?? ""}`.trim(), meant: false, ids: [] }];
  }
}

function reportText(dir: string, report: Checked): string {
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
    ...section(
      "a run would be refused",
      report.rewards.filter(({ meant }) => !meant).map(({ message }) => `  ${message}`),
    ),
    ...section("inputs that are not of the task's form", report.inputs.filter(({ meant }) => !meant).map(inputLine)),
    ...section("leaks", report.leaks.filter(({ meant }) => !meant).map(leakLine)),
    ...section("told, but no fault", [
      ...report.rewards.filter(({ meant }) => meant).map(inputLine),
      ...report.inputs.filter(({ meant }) => meant).map(inputLine),
      ...report.leaks.filter(({ meant }) => meant).map(leakLine),
    ]),
    ...section(
      `what its training queries can support, by ${OWN}`,
      report.support === null ? [] : supportLines(report.support),
      report.support?.queries ?? 0,
    ),
    verdictOf(report),
    "",
  ].join("\n");
}

const section = (title: string, lines: readonly string[], count = lines.length): string[] =>
  lines.length === 0 ? [] : [`${title}: ${count}`, ...lines];

const leakLine = ({ kind, message, ids }: Leak): string => `  ${kind}: ${message}: ${named(ids)}`;
const inputLine = ({ message, ids }: OddInputs): string => `  ${message}: ${named(ids)}`;

const named = (ids: readonly string[]): string =>
  `${ids.length} (${ids.slice(0, NAMED).join(", ")}${ids.length > NAMED ? ", …" : ""})`;
