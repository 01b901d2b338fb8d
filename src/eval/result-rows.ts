import type { Task } from "../data/task.ts";
import { score } from "../metrics/score.ts";
import { clusterSums, type Reading } from "./headline.ts";
import { COMPARISONS } from "./methods.ts";
import { interval95, type Resampled, resample } from "./resample.ts";
import type { CeilingRow, MethodDetails, PairedRow, ResultRow } from "./result-types.ts";
import type { Prediction } from "./types.ts";

/** Rows with their intervals, and the paired differences of {@link COMPARISONS} from the same draws. */
export function rowsOf(
  methods: readonly string[],
  { values, draws }: Resampled,
  n: number,
  up: boolean,
): { readonly rows: ResultRow[]; readonly paired: PairedRow[] } {
  const at = (method: string): number => methods.indexOf(method);
  const rows = methods.map((method, m) => ({
    method,
    score: values[m] ?? Number.NaN,
    ...interval95(draws[m] ?? []),
    n,
  }));
  const pairs = COMPARISONS.filter(([a, b]) => at(a) >= 0 && at(b) >= 0);
  const paired = pairs.map(([a, b]): PairedRow => {
    const minus = draws[at(b)] ?? [];
    const { low, high } = interval95((draws[at(a)] ?? []).map((value, r) => value - (minus[r] ?? Number.NaN)));
    const difference = (values[at(a)] ?? Number.NaN) - (values[at(b)] ?? Number.NaN);
    const above = low > 0 ? "better" : high < 0 ? "worse" : "undecided";
    const verdict = up || above === "undecided" ? above : above === "better" ? "worse" : "better";
    return { a, b, difference, low, high, verdict };
  });
  return { rows, paired };
}

/** What else is known of a method's predictions on one task. */
export function detailsOf(
  task: Task,
  predictions: readonly Prediction[],
  swapped: readonly Prediction[],
  value: number,
  reading: Reading,
  ceilings: CeilingRow | undefined,
): MethodDetails {
  const share = (test: (p: Prediction) => boolean): number => predictions.filter(test).length / predictions.length;
  const golds = predictions.map((p) => p.gold);
  const shuffled = swapped.length === 0 ? null : clusterSums(task, [swapped], reading);
  return {
    strict: score(
      task,
      predictions.map((p) => p.strict),
      golds,
    ),
    lenient: score(
      task,
      predictions.map((p) => p.lenient),
      golds,
    ),
    possible_personalization: ceilings === undefined ? null : shareOfPossible(value, ceilings),
    format_rate: share((p) => p.strict !== null),
    truncated_rate: share((p) => p.truncated),
    mean_tokens: predictions.reduce((sum, p) => sum + p.tokens, 0) / predictions.length,
    swapped: shuffled === null ? null : (resample(shuffled, 0, ["swapped"]).values[0] ?? null),
  };
}

/** How much of the way from the query-only to the shown-items ceiling a score has gone, in either direction of metric. */
export function shareOfPossible(value: number, { query_only, shown_items }: CeilingRow): number {
  return (value - query_only) / (shown_items - query_only);
}
