import { stream } from "../core/random.ts";
import type { Task } from "../data/task.ts";
import type { Pair } from "../metrics/pairs.ts";
import type { Convention } from "../metrics/rouge.ts";
import { type MetricName, readingsOf } from "../metrics/score.ts";
import { sumForm } from "../metrics/sums.ts";
import { pOver } from "../stats/bootstrap.ts";
import { type Interval, intervalOver, type Resampled, resample, sumsByKey } from "../stats/resample.ts";

/** The second method minus the first, on the same resamples of the same queries. */
export interface Difference extends Interval {
  readonly difference: number;
  /** Two-sided bootstrap p-value of "there is no difference", not corrected for the number of metrics. */
  readonly p: number;
}

export type ByMetric<T> = Readonly<Partial<Record<MetricName, T>>>;
export interface Readings<T> {
  readonly official: ByMetric<T>;
  readonly lenient: ByMetric<T>;
}

export interface CompareRequest {
  readonly task: Task;
  /** One method's predictions, or two methods' on the same golds in the same order. */
  readonly methods: readonly (readonly Pair[])[];
  readonly convention: Convention;
  /** What is drawn together, one key a pair (its user); absent: every query by itself. */
  readonly clusters?: readonly string[];
  readonly resamples: number;
  readonly seed: number;
}

/** Bootstrap intervals of every metric, both readings, for each method; where there are two, their paired difference. */
export function compareScores(request: CompareRequest): {
  readonly intervals: readonly Readings<Interval>[];
  readonly differences: Readings<Difference> | null;
} {
  const official = resampledMetrics(request, "official");
  const lenient = resampledMetrics(request, "lenient");
  const every = <T>(of: (resampled: Resampled) => T): Readings<T> => ({
    official: mapMetrics(official, of),
    lenient: mapMetrics(lenient, of),
  });
  return {
    intervals: request.methods.map((_, m) => every(({ clusters, draws }) => intervalOver(clusters, draws[m] ?? []))),
    differences: request.methods.length === 2 ? every(differenceOf) : null,
  };
}

type Metrics = readonly (readonly [MetricName, Resampled])[];

function resampledMetrics(request: CompareRequest, reading: "official" | "lenient"): Metrics {
  const { task, methods, convention, resamples, seed } = request;
  const form = sumForm(task, convention);
  const n = methods[0]?.length ?? 0;
  const keys = request.clusters ?? Array.from({ length: n }, (_, i) => String(i));
  const sums = methods.map((pairs) => sumsByKey(keys, readingsOf(task, pairs)[reading].map(form.sumsOf)));
  return form.metrics.map(({ name, of }) => [
    name,
    resample({ sums, statistic: of }, resamples, stream("bootstrap", seed, "score", task.name)),
  ]);
}

function differenceOf({ clusters, values, draws }: Resampled): Difference {
  const [first = [], second = []] = draws;
  const drawn = second.map((value, r) => value - (first[r] ?? Number.NaN));
  return {
    difference: (values[1] ?? 0) - (values[0] ?? 0),
    ...intervalOver(clusters, drawn),
    p: pOver(clusters, drawn, (values[1] ?? 0) - (values[0] ?? 0)),
  };
}

const mapMetrics = <T>(metrics: Metrics, of: (resampled: Resampled) => T): ByMetric<T> =>
  Object.fromEntries(metrics.map(([name, resampled]) => [name, of(resampled)]));
