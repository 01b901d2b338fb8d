import type { Task } from "../data/task.ts";
import type { Resampled } from "../stats/resample.ts";
import { goodness, type Reading } from "./headline.ts";
import { type Comparisons, rowsOf, shareOfPossible } from "./result-rows.ts";
import type { CeilingRow, MethodDetails, Result, TruthDetails } from "./result-types.ts";

/** A task's table; its statistics on draws over all tasks' users, the same draws for every task. */
export interface View {
  readonly task: Task;
  readonly result: Result;
  readonly joint: Resampled;
}

/** Name of the mean over tasks. */
const MACRO = "macro";

type MacroView = Omit<Result, "seed" | "seconds" | "reading" | "synthetic" | "tasks">;

/** The mean over tasks of scores where more is better ({@link goodness}); a user who is drawn is drawn in every task. */
export function macro(
  methods: readonly string[],
  views: readonly View[],
  { bootstrap, comparisons }: { readonly bootstrap: number; readonly comparisons: Comparisons },
): MacroView {
  const overTasks = (pick: (view: View) => number): number => mean(views.map((v) => goodness(v.task, pick(v))));
  const values = methods.map((_, m) => overTasks((v) => v.joint.values[m] ?? Number.NaN));
  const draws = methods.map((_, m) =>
    Array.from({ length: bootstrap }, (_, r) => overTasks((v) => v.joint.draws[m]?.[r] ?? Number.NaN)),
  );
  const clusters = Math.max(...views.map((view) => view.joint.clusters));
  const n = views.reduce((sum, view) => sum + (view.result.rows[0]?.n ?? 0), 0);
  const ceiling = (key: keyof CeilingRow): number => overTasks((v) => v.result.ceilings?.[key] ?? Number.NaN);
  const ceilings = views.every((view) => view.result.ceilings !== undefined)
    ? { query_only: ceiling("query_only"), shown_items: ceiling("shown_items"), oracle: ceiling("oracle") }
    : undefined;
  const details = methods.map((method, m) => [method, detailsOver(views, method, values[m], ceilings)] as const);
  return {
    task: "all tasks",
    metric: MACRO,
    higher_is_better: true,
    ...rowsOf(methods, { clusters, values, draws }, n, true, comparisons),
    ...(ceilings === undefined ? {} : { ceilings }),
    details: Object.fromEntries(details),
  };
}

function detailsOver(
  views: readonly View[],
  method: string,
  value: number | undefined,
  ceilings: CeilingRow | undefined,
): MethodDetails {
  const parts = views.flatMap(({ task, result }) => {
    const d = result.details[method];
    return d === undefined ? [] : [{ task, d }];
  });
  const over = (pick: (d: MethodDetails) => number): number => mean(parts.map(({ d }) => pick(d)));
  const read = (reading: Reading): number =>
    mean(parts.map(({ task, d }) => goodness(task, d[reading][task.metric] ?? Number.NaN)));
  const truth = parts.flatMap(({ d }) => d.truth ?? []);
  const known = (pick: (t: TruthDetails) => number | null): number | null => {
    const values = truth.flatMap((t) => pick(t) ?? []);
    return values.length === 0 ? null : mean(values);
  };
  const swapped = parts.flatMap(({ task, d }) => (d.swapped === null ? [] : [goodness(task, d.swapped)]));
  return {
    strict: { [MACRO]: read("strict") },
    lenient: { [MACRO]: read("lenient") },
    possible_personalization: ceilings === undefined ? null : shareOfPossible(value ?? Number.NaN, ceilings),
    format_rate: over((d) => d.format_rate),
    truncated_rate: over((d) => d.truncated_rate),
    mean_tokens: over((d) => d.mean_tokens),
    // Samples are of a task: their means over tasks of different metrics would have no unit.
    samples: null,
    truth:
      truth.length === 0
        ? null
        : {
            statements: truth.reduce((sum, { statements }) => sum + statements, 0),
            statements_true: known((t) => t.statements_true),
            deciding_true: known((t) => t.deciding_true),
            no_statement: known((t) => t.no_statement),
          },
    swapped: swapped.length === parts.length ? mean(swapped) : null,
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
