import type { Config } from "../../core/config/schema.ts";
import { readSeal } from "../../core/run-dir.ts";
import type { StageName } from "../../core/stages.ts";
import { readRecord } from "../../model/record.ts";
import { stagesFor } from "../../run/needed.ts";
import type { Plan } from "../../run/plan/plan.ts";
import { STAGES } from "../../run/stages/index.ts";
import { type Cell, cellId, OWN, runId } from "../../suites/cells.ts";
import type { Io } from "../io.ts";
import { planOf } from "../plan.ts";
import { align } from "../table.ts";
import type { OpenedSuite } from "./open-suite.ts";

/** One line of the plan: a run's training, or an evaluation. */
interface Work {
  readonly what: string;
  /** Of training, what is trained; of asking none. */
  readonly stages: readonly StageName[];
  /** Queries × methods that are asked; 0 of training. */
  readonly queries: number;
  readonly sampled: number;
  readonly trained: number;
  /** By machine, in the order of the plan's machines. */
  readonly hours: readonly number[];
  /** Null where a price is not given. */
  readonly dollars: number | null;
}

/** `tagpr suite FILE --dry-run`: what would be trained and asked, by the cost model of `tagpr run --dry-run`. */
export async function printSuitePlan(
  io: Io,
  opened: OpenedSuite,
  assume: readonly string[],
  json: boolean,
): Promise<void> {
  const works: Work[] = [];
  let machines: readonly string[] = [];
  const seen = new Map<string, Set<StageName>>();
  for (const cell of opened.cells) {
    const config = opened.runConfig(cell);
    const run = runId(cell);
    if (!seen.has(run)) {
      const plan = await planOf(io, config, assume);
      machines = plan.machines;
      const stages = stagesFor(STAGES, config).filter((name) => name !== "eval" && !isTaken(opened, cell, name));
      seen.set(run, new Set(stages));
      if (stages.length > 0) works.push(workOf(`train ${run}`, plan, stages, 0));
    }
    const asked = opened.cellConfig(cell);
    const plan = await planOf(io, asked, assume);
    const queries = queriesOf(plan, asked) * (asked.eval.methods.length + asked.eval.swap.length);
    works.push(workOf(`ask ${cellId(cell)}`, plan, ["eval"], queries));
  }
  const total: Work = {
    ...{
      what: "all",
      stages: [],
      queries: sum(works, (one) => one.queries),
      sampled: sum(works, (one) => one.sampled),
    },
    trained: sum(works, (one) => one.trained),
    hours: machines.map((_, m) => sum(works, (one) => one.hours[m] ?? 0)),
    dollars: works.some(({ dollars }) => dollars === null) ? null : sum(works, ({ dollars }) => dollars ?? 0),
  };
  io.out(json ? `${JSON.stringify({ machines, works, total }, null, 2)}\n` : text(opened, machines, [...works, total]));
}

/** Whether a run of --reuse has the stage; its inputs are looked at when the suite is made. Variants are trained from where they differ. */
const isTaken = ({ reuse }: OpenedSuite, { variant, seed }: Cell, stage: StageName): boolean =>
  reuse.some(
    (run) =>
      readRecord(run)?.config.seed === seed &&
      readSeal(run, stage) !== null &&
      (variant === OWN || ["data", "chains"].includes(stage)),
  );

const queriesOf = ({ tasks }: Plan, { eval: { tasks: asked } }: Config): number =>
  sum(
    tasks.filter(({ task }) => asked.length === 0 || asked.includes(task)),
    ({ test }) => test,
  );

function workOf(what: string, plan: Plan, names: readonly StageName[], queries: number): Work {
  const stages = plan.stages.filter(({ stage }) => names.includes(stage));
  const asking = names.includes("eval");
  const apis = plan.apis.filter(
    ({ who }) => who.startsWith("eval.apis") === asking && (asking || names.includes("chains")),
  );
  return {
    ...{ what, stages: asking ? [] : names, queries },
    sampled: sum(stages, (one) => one.sampled),
    trained: sum(stages, (one) => one.trained),
    hours: plan.machines.map((_, m) => sum(stages, ({ hours }) => hours[m] ?? 0)),
    dollars: apis.some(({ dollars }) => dollars === null) ? null : sum(apis, ({ dollars }) => dollars ?? 0),
  };
}

function text({ suite, kinds }: OpenedSuite, machines: readonly string[], works: readonly Work[]): string {
  const count = (n: number): string => Math.round(n).toLocaleString("en");
  const rows = works.map(({ what, queries, sampled, trained, hours, dollars }) => [
    ...[what, count(queries), count(sampled), count(trained)],
    ...hours.map((value) => value.toFixed(value < 1 ? 2 : 1)),
    dollars === null ? "set price_in, price_out" : dollars.toFixed(2),
  ]);
  const head = ["", "queries", "tokens sampled", "tokens trained", ...machines.map((name) => `${name}, h`), "dollars"];
  return [
    `Plan of the suite ${suite.name}: ${kinds.map(({ name }) => name).join(", ")}`,
    ...align([head, ...rows]),
    ...works.flatMap(({ what, stages }) => (stages.length === 0 ? [] : [`  ${what}: ${stages.join(", ")}`])),
    "Queries: times methods. What was asked before, by any evaluation of the run, is not asked again.",
    "Estimates, not measurements: docs/paper-run.md has the formulas, `tagpr run CONFIG --dry-run` all assumptions.",
    "",
  ].join("\n");
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
