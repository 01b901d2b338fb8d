import { guardCell } from "../core/printable.ts";
import { readResult } from "../eval/read-result.ts";
import type { Result, ResultRow } from "../eval/result-types.ts";
import { methodLabel, pairLabel } from "../methods/tables.ts";
import type { Interval } from "../stats/resample.ts";
import { duration } from "./progress/eta.ts";

/** The result of a run as a table for a terminal, or null where there is none yet. */
export function resultTable(run: string): string | null {
  const result = readResult(run);
  if (result === null) return null;
  const several = result.tasks !== undefined && result.tasks.length > 1;
  // What each method had is the run's, not a task's: it stands once, at the end.
  const tables = several ? [...(result.tasks ?? []).map(withoutBudgets), result] : [result];
  return tables.map(oneTable).join("\n");
}

const withoutBudgets = (result: Result): Result => ({
  ...result,
  rows: result.rows.map(({ budget: _, ...row }) => row),
});

function oneTable(result: Result): string {
  const n = result.rows[0]?.n ?? 0;
  const direction = result.higher_is_better ? "higher is better" : "lower is better";
  const head = `${result.task}${result.synthetic ? " (synthetic)" : ""}: ${result.metric}, ${direction}; ${n} held-out queries, seed ${result.seed}, ${duration(result.seconds)}`;
  const body = [
    ["method", "score", "95% interval", "of what is possible", "deciding statement true"],
    ...result.rows.map((row) => methodRow(row, result)),
    ...ceilingRows(result),
  ];
  const paired = result.paired.map(({ a, b, difference, low, high, verdict }) => [
    `${pairLabel(a, result.labels)} − ${pairLabel(b, result.labels)}`,
    signed(difference),
    span({ low, high }, signed),
    verdict,
  ]);
  const drawn = drawnRows(result);
  const budgets = budgetRows(result);
  return [
    head,
    ...align(body),
    ...(drawn.length > 1 ? ["", "drawn at a temperature", ...align(drawn)] : []),
    ...(budgets.length > 1 ? ["", "what each had and took", ...align(budgets)] : []),
    ...(paired.length > 0 ? ["", "paired differences", ...align(paired)] : []),
    "",
  ].join("\n");
}

/** Of a single user there is no interval. */
const span = ({ low, high }: Interval, show: (value: number) => string): string =>
  low === null || high === null ? "none (one user)" : `${show(low)} … ${show(high)}`;

function methodRow(row: ResultRow, result: Result): string[] {
  const share = result.details[row.method]?.possible_personalization;
  const possible = share === null || share === undefined ? "" : `${(100 * share).toFixed(0)}%`;
  const truth = result.details[row.method]?.truth;
  const deciding = truth?.deciding_true ?? null;
  const rests = truth ? (deciding === null ? "no statement" : `${(100 * deciding).toFixed(0)}%`) : "";
  return [
    methodLabel(row.method, result.labels),
    row.score.toFixed(3),
    span(row, (v) => v.toFixed(3)),
    possible,
    rests,
  ];
}

/** Samples beside the greedy answers, where any were drawn; the heading alone where none were. */
function drawnRows({ rows, details, labels }: Result): string[][] {
  const drawn = rows.flatMap(({ method }) => {
    const samples = details[method]?.samples;
    return samples ? [{ method, samples }] : [];
  });
  const n = drawn[0]?.samples.n ?? 0;
  return [
    ["", "temperature", "score is of", "greedy", `avg@${n}`, `pass@${n}`, `majority@${n}`],
    ...drawn.map(({ method, samples }) => [
      methodLabel(method, labels),
      `${samples.temperature}`,
      samples.primary ? "samples" : "greedy",
      ...[samples.greedy, samples.avg_at_n, samples.pass_at[n] ?? Number.NaN].map((value) => value.toFixed(3)),
      samples.majority_at_n === null ? "–" : samples.majority_at_n.toFixed(3),
    ]),
  ];
}

/** The heading alone in results of older versions. */
function budgetRows({ rows, labels }: Result): string[][] {
  const whole = (n: number | null): string => (n === null ? "?" : n.toLocaleString("en"));
  const told = rows.flatMap(({ method, budget }) => (budget === undefined ? [] : [{ method, budget }]));
  const paid = told.some(({ budget }) => budget.dollars !== undefined);
  return [
    [
      "",
      "labels",
      "teacher tokens",
      "trained tokens",
      "sampled tokens",
      "looks at dev",
      "responses",
      "tokens a query",
      ...(paid ? ["dollars"] : []),
    ],
    ...told.map(({ method, budget }) => [
      methodLabel(method, labels),
      ...[budget.labels, budget.teacher_tokens, budget.trained_tokens, budget.sampled_tokens].map(whole),
      whole(budget.tuning_trials),
      budget.samples.toFixed(budget.samples % 1 === 0 ? 0 : 1),
      budget.test_tokens.toFixed(0),
      ...(paid ? [budget.dollars?.toFixed(4) ?? "0"] : []),
    ]),
  ];
}

function ceilingRows({ ceilings }: Result): string[][] {
  if (ceilings === null || ceilings === undefined) return [];
  return [
    ["ceiling: query only", ceilings.query_only.toFixed(3), "", "0%", ""],
    ["ceiling: shown items", ceilings.shown_items.toFixed(3), "", "100%", ""],
    ["ceiling: oracle", ceilings.oracle.toFixed(3), "", "", ""],
  ];
}

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** Columns of equal width: the first to the left, the rest to the right. */
export function align(cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map(guardCell));
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => (row[c] ?? "").length)));
  return rows.map((row) =>
    `  ${row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0))).join("   ")}`.trimEnd(),
  );
}
