import type { Config } from "../../core/config/schema.ts";
import type { StageName } from "../../core/stages.ts";
import { stagesFor } from "../../run/needed.ts";
import type { Plan } from "../../run/plan/plan.ts";
import { STAGES } from "../../run/stages/index.ts";
import { type Cell, cellId, isAsked, runId } from "../../suites/cells.ts";
import type { Io } from "../io.ts";
import { openPlan, planOf } from "../plan.ts";
import { align } from "../table.ts";
import type { OpenedSuite } from "./open-suite.ts";
import { type Ask, askKey, type Standing, standing, workKeys } from "./standing.ts";

/** One line of the plan: a run's training, or an evaluation. */
interface Work {
  readonly what: string;
  /** Of training, what is trained; of asking none. */
  readonly stages: readonly StageName[];
  /** Queries × methods that are asked, and those that need not be: they were asked before, or another evaluation asks them. */
  readonly queries: number;
  readonly kept: number;
  readonly sampled: number;
  readonly trained: number;
  /** By machine, in the order of the plan's machines. */
  readonly hours: readonly number[];
  /** Null where a price is not given. */
  readonly dollars: number | null;
}

/** `tagpr suite FILE --dry-run`: what is left to train and to ask, by the cost model of `tagpr run --dry-run`. */
export async function printSuitePlan(
  io: Io,
  opened: OpenedSuite,
  { dir, assume, json }: { readonly dir: string; readonly assume: readonly string[]; readonly json: boolean },
): Promise<void> {
  const stands = standing(io, opened, dir);
  const works: Work[] = [];
  let machines: readonly string[] = [];
  const planned = { runs: new Set<string>(), stages: new Set<string>(), asks: new Set<string>() };
  for (const cell of opened.cells) {
    const config = opened.runConfig(cell);
    if (!planned.runs.has(runId(cell))) {
      planned.runs.add(runId(cell));
      const plan = await planOf(io, config, assume);
      machines = plan.machines;
      const done = await stands.done(cell);
      const keys = workKeys(config);
      const stages = stagesFor(STAGES, config).filter((name) => {
        const key = keys.get(name) ?? name;
        return name !== "eval" && !done.has(name) && !planned.stages.has(key) && planned.stages.add(key);
      });
      if (stages.length > 0) works.push(workOf(`train ${runId(cell)}`, plan, stages));
    }
    works.push(await askingWork(io, opened, cell, { stands, asks: planned.asks, assume }));
  }
  const total: Work = {
    ...{ what: "all", stages: [], trained: sum(works, (one) => one.trained) },
    ...{ queries: sum(works, (one) => one.queries), kept: sum(works, (one) => one.kept) },
    sampled: sum(works, (one) => one.sampled),
    hours: machines.map((_, m) => sum(works, (one) => one.hours[m] ?? 0)),
    dollars: works.some(({ dollars }) => dollars === null) ? null : sum(works, ({ dollars }) => dollars ?? 0),
  };
  io.out(json ? `${JSON.stringify({ machines, works, total }, null, 2)}\n` : text(opened, machines, [...works, total]));
}

interface Asking {
  readonly stands: Standing;
  /** What cells before have asked, which this adds its own to. */
  readonly asks: Set<string>;
  readonly assume: readonly string[];
}

/** Method by method what is left to ask: each a share of what all of its queries would take. */
async function askingWork(io: Io, opened: OpenedSuite, cell: Cell, { stands, asks, assume }: Asking): Promise<Work> {
  const config = opened.cellConfig(cell);
  const { methods, swap, causal } = config.eval;
  const plan = await openPlan(io, config, assume);
  const bare = { ...config, eval: { ...config.eval, swap: [], causal: { ...causal, methods: [] } } };
  const whole = plan(bare);
  const sizes = whole.tasks.filter(({ task }) => isAsked(config.eval, task));
  const names = new Set(sizes.map(({ task }) => task));
  const parts: { readonly work: Work; readonly times: number }[] = [];
  let [queries, kept] = [0, 0];
  const add = async (ask: Ask): Promise<void> => {
    const most = ask.as === "causal" ? causal.queries : Number.POSITIVE_INFINITY;
    const all = sum(sizes, ({ test }) => Math.min(test, most));
    const key = askKey(opened, cell, ask);
    const asked = asks.has(key) ? all : Math.min(all, await stands.asked(cell, ask, names));
    asks.add(key);
    queries += all - asked;
    kept += asked;
    if (asked === all) return;
    const one = (own: Config["eval"]): Work => workOf("", plan({ ...bare, eval: own }), ["eval"]);
    const alone = { ...bare.eval, methods: [ask.method] };
    const times = (all - asked) / all;
    if (ask.as !== "causal") parts.push({ work: one(alone), times });
    else {
      parts.push({ work: one({ ...alone, causal: { ...causal, methods: [ask.method] } }), times });
      parts.push({ work: one(alone), times: -times });
    }
  };
  for (const method of methods) await add({ method, as: "answers" });
  for (const method of swap) await add({ method, as: "swapped" });
  for (const method of causal.methods) await add({ method, as: "causal" });
  const over = (of: (work: Work) => number): number => sum(parts, ({ work, times }) => times * of(work));
  return {
    ...{ what: `ask ${cellId(cell)}`, stages: [], queries, kept },
    ...{ sampled: over(({ sampled }) => sampled), trained: 0 },
    hours: whole.machines.map((_, m) => over(({ hours }) => hours[m] ?? 0)),
    dollars: parts.some(({ work }) => work.dollars === null) ? null : over(({ dollars }) => dollars ?? 0),
  };
}

function workOf(what: string, plan: Plan, names: readonly StageName[]): Work {
  const stages = plan.stages.filter(({ stage }) => names.includes(stage));
  const asking = names.includes("eval");
  const apis = plan.apis.filter(
    ({ who }) => who.startsWith("eval.apis") === asking && (asking || names.includes("chains")),
  );
  return {
    ...{ what, stages: asking ? [] : names, queries: 0, kept: 0 },
    sampled: sum(stages, (one) => one.sampled),
    trained: sum(stages, (one) => one.trained),
    hours: plan.machines.map((_, m) => sum(stages, ({ hours }) => hours[m] ?? 0)),
    dollars: apis.some(({ dollars }) => dollars === null) ? null : sum(apis, ({ dollars }) => dollars ?? 0),
  };
}

function text({ suite, kinds }: OpenedSuite, machines: readonly string[], works: readonly Work[]): string {
  const count = (n: number): string => Math.round(n).toLocaleString("en");
  const rows = works.map(({ what, queries, kept, sampled, trained, hours, dollars }) => [
    ...[what, count(queries), count(kept), count(sampled), count(trained)],
    ...hours.map((value) => value.toFixed(value < 1 ? 2 : 1)),
    dollars === null ? "set price_in, price_out" : dollars.toFixed(2),
  ]);
  const head = ["", "queries", "kept", "tokens sampled", "trained", ...machines.map((name) => `${name}, h`), "dollars"];
  return [
    `Plan of the suite ${suite.name}: ${kinds.map(({ name }) => name).join(", ")}`,
    ...align([head, ...rows]),
    ...works.flatMap(({ what, stages }) => (stages.length === 0 ? [] : [`  ${what}: ${stages.join(", ")}`])),
    "Queries: times methods. Kept: asked before, or by an evaluation above, and not asked again. Stages that are done are left out.",
    "Estimates, not measurements: docs/paper-run.md has the formulas, `tagpr run CONFIG --dry-run` all assumptions.",
    "",
  ].join("\n");
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
