import { streamJsonl } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";
import { clusterKey, meanScore, type Reading } from "../eval/headline.ts";
import { primaryOf } from "../eval/samples.ts";
import type { Answered, Prediction } from "../eval/types.ts";
import type { Pair } from "../metrics/pairs.ts";
import { conventionOf } from "../metrics/score.ts";
import { type SumForm, sumForm } from "../metrics/sums.ts";
import type { Truth } from "../rewards/truth.ts";

/**
 * One method's answers to one task as numbers: row i is the i-th query of the evaluation. Of 20,000 queries the texts of 20
 * methods don't fit into memory; these columns do.
 */
export interface Answers {
  readonly queries: readonly string[];
  /** What is drawn together by a bootstrap: a user, or a query without one ({@link clusterKey}). */
  readonly clusters: readonly string[];
  /** `sums[i]`: what the task's metrics are functions of ({@link SumForm}), under the evaluation's reading. */
  readonly sums: Sparse;
  /** Headline score of a query; higher is better, errors negated. */
  readonly score: Float64Array;
  /** Tokens of the response, reasoning included. */
  readonly tokens: Float64Array;
  /** Tokens that went through a model for the query, read and written. */
  readonly cost: Float64Array;
  /** What it says of the shown items; of a query without such a check {@link UNCHECKED}. */
  readonly truth: TruthColumns;
}

/** {@link Truth} of every query. */
export interface TruthColumns extends Record<keyof Truth, Float64Array> {
  readonly stated: Float64Array;
  readonly wrong: Float64Array;
  /** 1 true, 0 false, NaN where the answer rests on no statement. */
  readonly deciding: Float64Array;
}

/** In `stated`: the method does not reason, or the file is of an older version. */
export const UNCHECKED = -1;

/** Vectors whose entries are mostly 0: those of row i are `at[j]`, `value[j]` for j from `start[i]` to `start[i + 1]`. */
export interface Sparse {
  readonly width: number;
  readonly start: Int32Array;
  readonly at: Int32Array;
  readonly value: Float64Array;
}

/** A method's predictions file, read once: its answers by task, of those tasks that are asked for. */
export async function readAnswers(
  file: string,
  tasks: readonly Task[],
  reading: Reading,
): Promise<ReadonlyMap<string, Answers>> {
  const growing = new Map(tasks.map((task) => [task.name, begin(task)]));
  for await (const prediction of streamJsonl<Prediction>(file)) {
    const own = growing.get(prediction.task);
    if (own !== undefined) add(own, prediction, reading);
  }
  return new Map([...growing].filter(([, own]) => own.queries.length > 0).map(([name, own]) => [name, finished(own)]));
}

interface Growing {
  readonly form: SumForm;
  readonly queries: string[];
  readonly clusters: string[];
  readonly score: number[];
  readonly tokens: number[];
  readonly cost: number[];
  readonly truth: { readonly stated: number[]; readonly wrong: number[]; readonly deciding: number[] };
  readonly rows: SparseRows;
}

const begin = (task: Task): Growing => ({
  form: sumForm(task, conventionOf(task)),
  ...{ queries: [], clusters: [], score: [], tokens: [], cost: [] },
  truth: { stated: [], wrong: [], deciding: [] },
  rows: sparseRows(),
});

function add(own: Growing, prediction: Prediction, reading: Reading): void {
  const { query, tokens, cost, gold, truth } = prediction;
  own.queries.push(query);
  own.clusters.push(clusterKey(prediction));
  own.score.push(meanScore(prediction, reading));
  own.tokens.push(tokens);
  own.cost.push(cost === undefined ? tokens : cost.promptTokens + cost.sampledTokens);
  own.truth.stated.push(truth?.stated ?? UNCHECKED);
  own.truth.wrong.push(truth?.wrong ?? 0);
  own.truth.deciding.push(truth?.deciding == null ? Number.NaN : Number(truth.deciding));
  const answers = primaryOf(prediction);
  const total: number[] = [];
  for (const answer of answers)
    for (const [k, value] of own.form.sumsOf(pairOf(answer, gold, reading)).entries())
      total[k] = (total[k] ?? 0) + value / answers.length;
  own.rows.push(total);
}

/** As `result.json` scores an answer: unreadable ones are empty, and leniency never costs. */
export const pairOf = (answer: Answered, gold: string, reading: Reading): Pair =>
  reading === "strict"
    ? { prediction: answer.strict ?? "", gold }
    : { prediction: answer.lenient, asItStands: answer.strict ?? "", gold };

function finished({ queries, clusters, score, tokens, cost, truth, rows }: Growing): Answers {
  return {
    ...{ queries, clusters, sums: rows.finished() },
    score: Float64Array.from(score),
    tokens: Float64Array.from(tokens),
    cost: Float64Array.from(cost),
    truth: {
      stated: Float64Array.from(truth.stated),
      wrong: Float64Array.from(truth.wrong),
      deciding: Float64Array.from(truth.deciding),
    },
  };
}

interface SparseRows {
  push(vector: readonly number[]): void;
  finished(): Sparse;
}

export function sparseRows(): SparseRows {
  const [start, at, value]: [number[], number[], number[]] = [[0], [], []];
  let width = 0;
  return {
    push: (vector) => {
      width = Math.max(width, vector.length);
      for (const [k, one] of vector.entries()) {
        if (one === 0) continue;
        at.push(k);
        value.push(one);
      }
      start.push(at.length);
    },
    finished: () => ({
      width,
      ...{ start: Int32Array.from(start), at: Int32Array.from(at), value: Float64Array.from(value) },
    }),
  };
}
