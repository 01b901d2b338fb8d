import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { Answers } from "./answers.ts";
import { measure, resamplesOf } from "./draws.ts";
import { type Difference, detectableOf, differenceOf, type OneSeed } from "./estimate.ts";
import type { Evaluation } from "./evaluation.ts";
import { metricColumns } from "./metric-columns.ts";

/** One side of a comparison: a method's answers in an evaluation. */
export interface Side {
  readonly name: string;
  readonly evaluation: Evaluation;
  readonly method: string;
}

/** A query that the two sides answer otherwise, by their headline scores (higher is better). */
export interface Flip {
  readonly task: string;
  readonly query: string;
  readonly a: number;
  readonly b: number;
}

export interface Compared {
  readonly metrics: readonly {
    readonly task: string;
    readonly metric: string;
    readonly a: number;
    readonly b: number;
    /** b − a, above 0 where b is better. */
    readonly difference: Difference;
    readonly detectable: number | null;
  }[];
  readonly flips: readonly Flip[];
  /** Queries that both answered, and those of one side alone. */
  readonly queries: { readonly both: number; readonly onlyA: number; readonly onlyB: number };
}

/** Paths of two configs that differ, with both values. */
export function configDifferences(
  a: Config,
  b: Config,
): { readonly path: string; readonly a: unknown; readonly b: unknown }[] {
  const flat = (value: unknown, path: string): [string, unknown][] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, own]) => flat(own, path === "" ? key : `${path}.${key}`))
      : [[path, value]];
  const [own, other] = [new Map(flat(a, "")), new Map(flat(b, ""))];
  return [...new Set([...own.keys(), ...other.keys()])]
    .filter((path) => JSON.stringify(own.get(path)) !== JSON.stringify(other.get(path)))
    .map((path) => ({ path, a: own.get(path), b: other.get(path) }));
}

/** Two sides on the queries that both have answered. @throws TagprError `data` where there are none */
export async function compareSides(a: Side, b: Side): Promise<Compared> {
  const tasks = a.evaluation.tasks.filter(({ name }) => b.evaluation.tasks.some((task) => task.name === name));
  const metrics: Compared["metrics"][number][] = [];
  const flips: Flip[] = [];
  const queries = { both: 0, onlyA: 0, onlyB: 0 };
  const m = metricColumns(tasks).length;
  for (const task of tasks) {
    const [own, other] = await Promise.all([answersOf(a, task), answersOf(b, task)]);
    if (own === null || other === null) continue;
    const pairs = shared(own, other);
    queries.both += pairs.length;
    queries.onlyA += own.queries.length - pairs.length;
    queries.onlyB += other.queries.length - pairs.length;
    if (pairs.length === 0) continue;
    const [left, right] = [
      rowsOf(
        own,
        pairs.map(([i]) => i),
      ),
      rowsOf(
        other,
        pairs.map(([, i]) => i),
      ),
    ];
    const clusters = new Set(left.clusters).size;
    const resamples = resamplesOf(left.clusters, a.evaluation.config.eval.bootstrap, a.evaluation.seed, task.name);
    const [first, second] = [
      measure(task, left, resamples),
      measure(task, { ...right, clusters: left.clusters }, resamples),
    ];
    for (const { metric, higherIsBetter } of metricColumns([task])) {
      const [x, y] = [first.get(metric), second.get(metric)];
      if (x === undefined || y === undefined) continue;
      const difference = differenceOf([{ ...y, clusters }] as OneSeed[], [{ ...x, clusters }], higherIsBetter);
      metrics.push({
        ...{ task: task.name, metric, a: x.value, b: y.value, difference },
        detectable: detectableOf(difference, { seeds: 1, clusters, m }),
      });
    }
    for (const [i, query] of left.queries.entries()) {
      const [x, y] = [left.score[i] ?? 0, right.score[i] ?? 0];
      if (x !== y) flips.push({ task: task.name, query, a: x, b: y });
    }
  }
  if (queries.both === 0)
    throw new TagprError("data", `${a.name} and ${b.name} have no query in common`, {
      hint: "Compare answers to the same data: the ids of tasks and queries must be the same.",
    });
  return { metrics, flips: flips.toSorted((p, q) => Math.abs(q.b - q.a) - Math.abs(p.b - p.a)), queries };
}

const answersOf = ({ evaluation, method }: Side, task: Task): Promise<Answers | null> =>
  evaluation.answers(method, task.name);

/** Places of the queries that both have. */
function shared(a: Answers, b: Answers): [number, number][] {
  const place = new Map(b.queries.map((query, i) => [query, i]));
  return a.queries.flatMap((query, i): [number, number][] => {
    const at = place.get(query);
    return at === undefined ? [] : [[i, at]];
  });
}

/** The rows with these numbers. */
function rowsOf(answers: Answers, rows: readonly number[]): Answers {
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i] ?? Number.NaN);
  const { truth } = answers;
  const { start, at, value, width } = answers.sums;
  const spans = rows.map((i) => [start[i] ?? 0, start[i + 1] ?? 0] as const);
  const ends = new Int32Array(rows.length + 1);
  for (const [r, [from, to]] of spans.entries()) ends[r + 1] = (ends[r] ?? 0) + to - from;
  const total = ends.at(-1) ?? 0;
  const [where, what] = [new Int32Array(total), new Float64Array(total)];
  for (const [[from, to], end] of zipStrict(spans, [...ends.subarray(0, -1)])) {
    where.set(at.subarray(from, to), end);
    what.set(value.subarray(from, to), end);
  }
  return {
    queries: rows.map((i) => answers.queries[i] ?? ""),
    clusters: rows.map((i) => answers.clusters[i] ?? ""),
    sums: { width, start: ends, at: where, value: what },
    ...{ score: pick(answers.score), tokens: pick(answers.tokens), cost: pick(answers.cost) },
    truth: { stated: pick(truth.stated), wrong: pick(truth.wrong), deciding: pick(truth.deciding) },
  };
}
