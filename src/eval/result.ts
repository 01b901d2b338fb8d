import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import { conventionOf } from "../metrics/score.ts";
import { resample } from "../stats/resample.ts";
import { clusterKey, clusterSums, higherIsBetter, type Reading } from "./headline.ts";
import { macro, type View } from "./macro.ts";
import { type Comparisons, detailsOf, rowsOf } from "./result-rows.ts";
import type { Budget, CeilingRow, Result, ResultRow } from "./result-types.ts";
import type { Prediction } from "./types.ts";

export interface ResultRequest {
  /** Predictions by method, in the order of the table; every method has answered the same queries. */
  readonly predictions: Readonly<Record<string, readonly Prediction[]>>;
  readonly tasks: readonly Task[];
  /** By task name, in the task's metric; absent outside the synthetic world. */
  readonly ceilings?: Readonly<Record<string, CeilingRow>>;
  /** Predictions with another user's shown items, by method. */
  readonly swapped?: Readonly<Record<string, readonly Prediction[]>>;
  readonly reading: Reading;
  /** Resamples of the intervals. */
  readonly bootstrap: number;
  readonly seed: number;
  /** Of the whole run. */
  readonly seconds: number;
  /** Differences that are told, `[a, b]` for a − b; those whose methods were not run are left out. */
  readonly comparisons: Comparisons;
  /** Rows that this run calls otherwise than their method is elsewhere. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What each method had and took, by method; see {@link Budget}. */
  readonly budgets?: Readonly<Record<string, Budget>>;
  /** Names of the tasks whose data the synthetic world drew. */
  readonly synthetic: readonly string[];
}

/** `result.json`: one task's table, or for several tasks their mean with each task's own table beside it. */
export function buildResult(request: ResultRequest): Result {
  const methods = Object.keys(request.predictions);
  const tasks = request.tasks.filter((task) => of(request.predictions[methods[0] ?? ""], task).length > 0);
  if (tasks.length === 0)
    throw new TagprError("data", "no predictions to make a result of", { hint: "Run the eval stage." });
  const results = tasks.map((task) => oneTask(request, methods, task));
  const [only] = results;
  if (results.length === 1 && only !== undefined) return only;
  const views = joined(request, methods, tasks, results);
  const table = macro(methods, views, request);
  return { ...table, rows: withBudgets(table.rows, request), ...common(request, tasks), tasks: results };
}

/** Tasks resampled together: people who appear in several are the same people in each. */
function joined(
  request: ResultRequest,
  methods: readonly string[],
  tasks: readonly Task[],
  results: readonly Result[],
): View[] {
  const { reading, bootstrap, seed } = request;
  const lists = tasks.map((task) => methods.map((method) => of(request.predictions[method], task)));
  const users = [...new Set(lists.flatMap((ofTask) => (ofTask[0] ?? []).map(clusterKey)))];
  return zipStrict(tasks, results).map(([task, result], t) => {
    const data = clusterSums(task, lists[t] ?? [], reading, users);
    // Equal names give equal draws; where none of a task's users is drawn, which few users can do, it keeps its score.
    const joint = resample(data, bootstrap, stream("bootstrap", seed, "all tasks"));
    const draws = joint.draws.map((own, m) =>
      own.map((value) => (Number.isNaN(value) ? (joint.values[m] ?? value) : value)),
    );
    return { task, result, joint: { ...joint, draws } };
  });
}

const withBudgets = (rows: readonly ResultRow[], { budgets }: ResultRequest): ResultRow[] =>
  rows.map((row) => {
    const budget = budgets?.[row.method];
    return budget === undefined ? row : { ...row, budget };
  });

const of = (predictions: readonly Prediction[] | undefined, task: Task): Prediction[] =>
  (predictions ?? []).filter((p) => p.task === task.name);

function oneTask(request: ResultRequest, methods: readonly string[], task: Task): Result {
  const lists = methods.map((method) => of(request.predictions[method], task));
  sameQueries(methods, lists, task);
  const { bootstrap, seed, reading } = request;
  const resampled = resample(clusterSums(task, lists, reading), bootstrap, stream("bootstrap", seed, task.name));
  const up = higherIsBetter(task.metric);
  const ceilings = request.ceilings?.[task.name];
  const details = methods.map((method, m) => {
    const swapped = of(request.swapped?.[method], task);
    const value = resampled.values[m] ?? Number.NaN;
    return [method, detailsOf(task, lists[m] ?? [], swapped, value, reading, ceilings)] as const;
  });
  const { rows, paired } = rowsOf(methods, resampled, lists[0]?.length ?? 0, up, request.comparisons);
  return {
    task: task.name,
    metric: task.metric,
    higher_is_better: up,
    ...(task.kind === "generation" ? { rouge: conventionOf(task) } : {}),
    paired,
    rows: withBudgets(rows, request),
    ...(ceilings === undefined ? {} : { ceilings: bare(ceilings) }),
    ...common(request, [task]),
    details: Object.fromEntries(details),
  };
}

const common = ({ seed, seconds, reading, synthetic, labels = {} }: ResultRequest, tasks: readonly Task[]) => ({
  ...{ seed, seconds, reading },
  ...(Object.keys(labels).length === 0 ? {} : { labels }),
  synthetic: tasks.some(({ name }) => synthetic.includes(name)),
});
const bare = ({ query_only, shown_items, oracle }: CeilingRow): CeilingRow => ({ query_only, shown_items, oracle });

/** A difference is fair only on the same queries. */
function sameQueries(methods: readonly string[], lists: readonly (readonly Prediction[])[], task: Task): void {
  const first = lists[0] ?? [];
  for (const [m, list] of lists.entries()) {
    const wrong =
      list.length !== first.length
        ? Math.min(list.length, first.length)
        : list.findIndex((p, i) => p.query !== first[i]?.query);
    if (wrong >= 0)
      throw new TagprError(
        "data",
        `${task.name}: methods ${methods[0]} and ${methods[m]} have not answered the same queries (they part at number ${wrong + 1})`,
        { hint: "Delete the eval folder of the run and run `tagpr eval` again." },
      );
  }
}
