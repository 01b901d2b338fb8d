import { stream } from "../core/random.ts";
import type { Task } from "../data/task.ts";
import type { Pair } from "../metrics/pairs.ts";
import { majorityOf, passAtK, passRanks } from "../metrics/samples.ts";
import { score } from "../metrics/score.ts";
import { decidingTrue, noStatement, statementsTrue, truthShares } from "../rewards/truth.ts";
import { holm, pOver } from "../stats/bootstrap.ts";
import { intervalOver, type Resampled, resample } from "../stats/resample.ts";
import { clusterSums, type Reading, scoreOf } from "./headline.ts";
import type { CeilingRow, MethodDetails, PairedRow, ResultRow } from "./result-types.ts";
import { primaryOf } from "./samples.ts";
import type { Answered, Prediction } from "./types.ts";

/** Differences that a table tells: `[a, b]` for a − b. */
export type Comparisons = readonly (readonly [a: string, b: string])[];

/** Rows with their intervals, and paired differences from the same draws: `[a, b]` for a − b, where both were run. */
export function rowsOf(
  methods: readonly string[],
  { clusters, values, draws }: Resampled,
  n: number,
  up: boolean,
  comparisons: Comparisons,
): { readonly rows: ResultRow[]; readonly paired: PairedRow[] } {
  const at = (method: string): number => methods.indexOf(method);
  const rows = methods.map((method, m) => ({
    method,
    score: values[m] ?? Number.NaN,
    ...intervalOver(clusters, draws[m] ?? []),
    n,
  }));
  const pairs = comparisons
    .filter(([a, b]) => at(a) >= 0 && at(b) >= 0)
    .map(([a, b]) => {
      const minus = draws[at(b)] ?? [];
      const differences = (draws[at(a)] ?? []).map((value, r) => value - (minus[r] ?? Number.NaN));
      return { a, b, difference: (values[at(a)] ?? Number.NaN) - (values[at(b)] ?? Number.NaN), differences };
    });
  const corrected = holm(pairs.map((pair) => pOver(clusters, pair.differences, pair.difference)));
  const paired = pairs.map(({ a, b, difference, differences }, i): PairedRow => {
    const { low, high } = intervalOver(clusters, differences);
    const p_holm = corrected[i] ?? 1;
    return { a, b, difference, low, high, p_holm, verdict: verdictOf(low, high, p_holm, up) };
  });
  return { rows, paired };
}

/** Corrected p-values must stay below this. */
const LEVEL = 0.05;

function verdictOf(low: number | null, high: number | null, p: number, up: boolean): PairedRow["verdict"] {
  if (low === 0 && high === 0) return "tied";
  if (p >= LEVEL || low === null || high === null || (low <= 0 && high >= 0)) return "undecided";
  return low > 0 === up ? "better" : "worse";
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
  const shuffled = swapped.length === 0 ? null : clusterSums(task, [swapped], reading);
  return {
    strict: metricsOf(task, predictions, (p) => ({ prediction: p.strict ?? "" })),
    lenient: metricsOf(task, predictions, (p) => ({ prediction: p.lenient, asItStands: p.strict ?? "" })),
    possible_personalization: ceilings === undefined ? null : shareOfPossible(value, ceilings),
    format_rate: share((p) => p.strict !== null),
    truncated_rate: share((p) => p.truncated),
    mean_tokens: predictions.reduce((sum, p) => sum + p.tokens, 0) / predictions.length,
    truth: truthDetails(predictions),
    samples: sampleDetails(task, predictions, reading),
    swapped: shuffled === null ? null : (resample(shuffled, 0, stream("swapped")).values[0] ?? null),
  };
}

function truthDetails(predictions: readonly Prediction[]): MethodDetails["truth"] {
  const known = predictions.flatMap(({ truth }) => truth ?? []);
  if (known.length === 0) return null;
  const shares = truthShares(known);
  return {
    statements: shares.stated,
    statements_true: statementsTrue(shares),
    deciding_true: decidingTrue(shares),
    no_statement: noStatement(shares),
  };
}

/** Of answers whose score is a mean over queries of the query's own; what a metric makes of that mean it makes here too. */
function sampleDetails(task: Task, predictions: readonly Prediction[], reading: Reading): MethodDetails["samples"] {
  const drawn = predictions.flatMap(({ sampled }) => sampled ?? []);
  const [first] = drawn;
  if (first === undefined || drawn.length < predictions.length) return null;
  const n = first.answers.length;
  const read = drawn.map(({ answers }) =>
    answers.map((one) => ({
      answer: reading === "strict" ? one.strict : one.lenient || null,
      score: scoreOf(one, reading),
    })),
  );
  const over = (of: (answers: (typeof read)[number]) => number): number =>
    unitOf(task, read.reduce((sum, answers) => sum + of(answers), 0) / read.length);
  const best = (k: number): number =>
    over((answers) =>
      passAtK(
        answers.map(({ score }) => score),
        k,
      ),
    );
  return {
    ...{ n, temperature: first.temperature, primary: first.primary },
    greedy: unitOf(task, predictions.reduce((sum, one) => sum + scoreOf(one, reading), 0) / predictions.length),
    avg_at_n: best(1),
    pass_at: Object.fromEntries(passRanks(n).map((k) => [k, best(k)])),
    majority_at_n:
      task.kind === "generation" ? null : over((answers) => (majorityOf(answers) ?? answers[0])?.score ?? 0),
  };
}

/** A mean of scores as the headline's metric has it; macro-F1 is no mean over queries: there it is the accuracy. */
function unitOf({ metric }: Task, mean: number): number {
  if (metric === "mae") return -mean;
  return metric === "rmse" ? Math.sqrt(-mean) : mean;
}

/** How much of the way from the query-only to the shown-items ceiling a score has gone, in either direction of metric. */
export function shareOfPossible(value: number, { query_only, shown_items }: CeilingRow): number {
  return (value - query_only) / (shown_items - query_only);
}

/** All of the task's metrics under one reading. */
function metricsOf(task: Task, predictions: readonly Prediction[], read: (answer: Answered) => Omit<Pair, "gold">) {
  const pairs = predictions.flatMap((p) => primaryOf(p).map((answer) => ({ ...read(answer), gold: p.gold })));
  const { official } = score(task, pairs);
  return Object.fromEntries(Object.entries(official));
}
