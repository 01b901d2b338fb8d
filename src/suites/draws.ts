import { stream } from "../core/random.ts";
import type { Task } from "../data/task.ts";
import { conventionOf } from "../metrics/score.ts";
import { sumForm } from "../metrics/sums.ts";
import type { Answers, Sparse } from "./answers.ts";
import type { MetricColumn } from "./metric-columns.ts";

/** A statistic on all queries, and on resamples of them (`draws[r]`), the same resamples for whoever answered the same queries. */
export interface Measured {
  readonly value: number;
  readonly draws: Float64Array;
}

/** How often each cluster is drawn: `counts[r][c]`. */
export interface Resamples {
  readonly place: ReadonlyMap<string, number>;
  readonly counts: readonly Uint16Array[];
}

/** As many clusters as there are, drawn with replacement, `n` times; equal names and clusters give equal draws. */
export function resamplesOf(clusters: readonly string[], n: number, ...name: readonly (string | number)[]): Resamples {
  const place = new Map<string, number>();
  for (const cluster of clusters) if (!place.has(cluster)) place.set(cluster, place.size);
  const random = stream("bootstrap", ...name);
  const counts = Array.from({ length: n }, () => {
    const own = new Uint16Array(place.size);
    for (let c = 0; c < own.length; c++) {
      const at = random.int(own.length);
      own[at] = (own[at] ?? 0) + 1;
    }
    return own;
  });
  return { place, counts };
}

/** Every metric of a task, of one method's answers. */
export function measure(
  task: Task,
  answers: Answers,
  resamples: Resamples,
): ReadonlyMap<MetricColumn["metric"], Measured> {
  const { metrics } = sumForm(task, conventionOf(task));
  const byCluster = gathered(answers.sums, answers.clusters, resamples.place);
  const totals = resamples.counts.map((counts) => totalOf(byCluster, counts));
  const whole = totalOf(byCluster, new Uint16Array(resamples.place.size).fill(1));
  return new Map(
    metrics.map(({ name, of }) => [name, { value: of(whole), draws: Float64Array.from(totals, (total) => of(total)) }]),
  );
}

/** Rows of one cluster as one row. */
function gathered(rows: Sparse, keys: readonly string[], place: ReadonlyMap<string, number>): Sparse {
  const members: number[][] = Array.from({ length: place.size }, () => []);
  for (const [i, key] of keys.entries()) members[place.get(key) ?? -1]?.push(i);
  const start = new Int32Array(place.size + 1);
  const at = new Int32Array(rows.at.length);
  const value = new Float64Array(rows.at.length);
  let end = 0;
  for (const [c, own] of members.entries()) {
    const from = end;
    for (const i of own)
      for (let j = rows.start[i] ?? 0; j < (rows.start[i + 1] ?? 0); j++) {
        const k = rows.at[j] ?? 0;
        let found = from;
        while (found < end && at[found] !== k) found++;
        if (found === end) at[end++] = k;
        value[found] = (value[found] ?? 0) + (rows.value[j] ?? 0);
      }
    start[c + 1] = end;
  }
  return { width: rows.width, start, at: at.slice(0, end), value: value.slice(0, end) };
}

function totalOf({ width, start, at, value }: Sparse, counts: Uint16Array): number[] {
  const total = new Float64Array(width);
  for (let c = 0; c < counts.length; c++) {
    const times = counts[c] as number;
    if (times === 0) continue;
    const end = start[c + 1] as number;
    for (let j = start[c] as number; j < end; j++) {
      const k = at[j] as number;
      total[k] = (total[k] as number) + times * (value[j] as number);
    }
  }
  return Array.from(total);
}
