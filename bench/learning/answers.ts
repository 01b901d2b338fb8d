import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { nameNow } from "../../src/core/config/method-names.ts";
import { TagprError } from "../../src/core/errors.ts";
import { RUN_FORMAT } from "../../src/core/format.ts";
import { readJson, readJsonl, writeAtomic } from "../../src/core/jsonl.ts";
import { hashJson } from "../../src/core/run-dir.ts";
import { meanScore } from "../../src/eval/headline.ts";
import type { CeilingRow } from "../../src/eval/result-types.ts";
import type { Prediction } from "../../src/eval/types.ts";
import { readRecord } from "../../src/model/record.ts";
import type { Probe } from "../../src/policy/validate.ts";
import type { HeldOutReport } from "../../src/prmu/held-out.ts";
import { type TruthShares, truthShares } from "../../src/rewards/truth.ts";
import { STRATA, type StrataFile, type Stratum } from "../../src/run/stages/strata.ts";
import { type Job, runDir } from "./budgets.ts";

/*
 * What a finished run has to say, apart from the gigabytes that it took: `answers/seed-S/queries.json`, and beside it a
 * file a run with its scores in the same order. All tables are made from these alone, so they can be carried to another
 * machine, or published, and the run's folder deleted.
 */

/** `queries.json`: whom all runs of a seed were asked about, by stratum. */
export type Asked = Readonly<
  Record<
    Stratum,
    {
      /** `task/id` */
      readonly queries: readonly string[];
      /** The user of each query. */
      readonly users: readonly string[];
      /** What is possible on these queries, by task. */
      readonly ceilings: Readonly<Record<string, CeilingRow & { readonly n: number }>>;
    }
  >
>;

/** `RUN.json`. */
export interface Answers {
  /** {@link RUN_FORMAT}; absent in answers of format 2. */
  readonly format?: number;
  /** Of the settings that made it: {@link Job.key}. */
  readonly key: string;
  /** Git revision of the program that made it, as in the run's `run.json`. */
  readonly revision: string | null;
  /** Of the `queries.json` that it belongs to. */
  readonly asked: string;
  readonly scores: Readonly<Record<string, Readonly<Record<Stratum, readonly number[]>>>>;
  /** Truth of what each method says of the history ({@link TruthShares}); absent in answers of older revisions. */
  readonly truth?: Readonly<Record<string, Readonly<Record<Stratum, TruthShares>>>>;
  /** What there was to select before guided RL; null without RL. */
  readonly probe: Probe | null;
  /** How the reward model did on held-out pairs; null without one. */
  readonly rewardModel: { readonly accepted: boolean; readonly after: HeldOutReport } | null;
}

/** Where a bench keeps its answers. */
export const answersIn = (out: string): string => join(out, "answers");

const seedIn = (folder: string, { seed }: Pick<Job, "seed">): string => join(folder, `seed-${seed}`);
const fileIn = (folder: string, job: Job): string => join(seedIn(folder, job), `${job.variant.run}.json`);
const queriesIn = (folder: string, job: Pick<Job, "seed">): string => join(seedIn(folder, job), "queries.json");

/**
 * The answers of a run in a folder of answers, null where it has none yet.
 * @throws TagprError where they were made with other settings or to other queries.
 */
export function answersOf(folder: string, job: Job): Answers | null {
  const path = fileIn(folder, job);
  if (!existsSync(path)) return null;
  const answers = named(readJson<Answers>(path));
  if (answers.key !== job.key)
    throw new TagprError("run", `${path} was made with other settings`, {
      hint: "A budget or preset that was changed since needs a folder of its own: give --out.",
    });
  if (answers.asked !== hashJson(askedOf(folder, job)))
    throw new TagprError("run", `${path} answers other queries than those in ${queriesIn(folder, job)}`, {
      hint: "Answers of two worlds can't be compared: give a folder of its own (--out).",
    });
  return answers;
}

/** With the names that methods have now. */
export function named(answers: Answers): Answers {
  const { format = 2, scores, truth } = answers;
  const keys = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [nameNow(name, format), value]));
  return {
    ...answers,
    format: RUN_FORMAT,
    scores: keys(scores),
    ...(truth === undefined ? {} : { truth: keys(truth) }),
  };
}

export const askedOf = (folder: string, job: Pick<Job, "seed">): Asked => readJson<Asked>(queriesIn(folder, job));

/** Keeps what a run's folder says. */
export function keepAnswers(out: string, job: Job): void {
  const run = runDir(out, job);
  const [first, ...others] = job.config.eval.methods.map((method) => {
    return { method, predictions: readJsonl<Prediction>(join(run, "eval", `${method}.jsonl`)) };
  });
  if (first === undefined) throw new Error(`${run} was asked for no method`);
  const strata = readJson<StrataFile>(join(run, "data", "strata.json"));
  const asked = byStratum((stratum) => {
    const { queries, ceilings } = strata[stratum];
    const users = new Map(first.predictions.map((one) => [queryOf(one), one.user ?? `query ${one.query}`]));
    return { queries, users: queries.map((query) => known(users, query, run)), ceilings };
  });
  const folder = answersIn(out);
  if (!existsSync(queriesIn(folder, job))) write(queriesIn(folder, job), asked);
  const scoresOf = (predictions: readonly Prediction[]) => {
    const scores = new Map(predictions.map((one) => [queryOf(one), scoreOf(one, job)]));
    return byStratum((stratum) => asked[stratum].queries.map((query) => known(scores, query, run)));
  };
  const answers: Answers = {
    format: RUN_FORMAT,
    key: job.key,
    revision: readRecord(run)?.revision ?? null,
    asked: hashJson(asked),
    scores: Object.fromEntries([first, ...others].map((one) => [one.method, scoresOf(one.predictions)])),
    truth: Object.fromEntries(
      [first, ...others].map((one) => [
        one.method,
        byStratum((stratum) => truthOn(one.predictions, asked[stratum].queries)),
      ]),
    ),
    probe: maybe<{ probe: Probe }>(join(run, "guided", "validations.json"))?.probe ?? null,
    rewardModel: maybe(join(run, "prmu", "held_out.json")),
  };
  write(fileIn(folder, job), answers);
}

/**
 * Takes over the answers to these jobs from a folder of answers that was made elsewhere; what is there already stays.
 * Of these jobs there may be none among them.
 * @throws TagprError where the folder holds no answers at all, or they don't belong to the jobs.
 */
export function takeAnswers(from: string, out: string, jobs: readonly Job[]): void {
  const found = jobs.flatMap((job) => {
    const answers = answersOf(from, job);
    return answers === null ? [] : [{ job, answers }];
  });
  if (found.length === 0 && !holdsAnswers(from))
    throw new TagprError("usage", `--from ${from}: no answers there`, {
      hint: "Give the folder answers of another --out, the one that holds seed-201 and so on.",
    });
  const own = answersIn(out);
  for (const { job, answers } of found) {
    if (!existsSync(queriesIn(own, job))) write(queriesIn(own, job), askedOf(from, job));
    if (answers.asked !== hashJson(askedOf(own, job)))
      throw new TagprError("run", `${fileIn(from, job)} answers other queries than those in ${queriesIn(own, job)}`, {
        hint: "Answers of two worlds can't be compared: give a folder of its own (--out).",
      });
    if (answersOf(own, job) === null) write(fileIn(own, job), answers);
  }
}

const holdsAnswers = (folder: string): boolean =>
  statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true &&
  readdirSync(folder).some((name) => existsSync(join(folder, name, "queries.json")));

const byStratum = <T>(of: (stratum: Stratum) => T): Record<Stratum, T> =>
  Object.fromEntries(STRATA.map((stratum) => [stratum, of(stratum)])) as Record<Stratum, T>;

const queryOf = ({ task, query }: Prediction): string => `${task}/${query}`;

const scoreOf = (prediction: Prediction, { config }: Job): number => meanScore(prediction, config.eval.reading);

function truthOn(predictions: readonly Prediction[], queries: readonly string[]): TruthShares {
  const own = new Set(queries);
  return truthShares(predictions.flatMap((one) => (own.has(queryOf(one)) && one.truth ? [one.truth] : [])));
}

function known<T>(values: ReadonlyMap<string, T>, query: string, run: string): T {
  const value = values.get(query);
  if (value === undefined)
    throw new TagprError("run", `${run} has no answer to ${query}`, {
      hint: "Delete that folder, and the run is made anew.",
    });
  return value;
}

const maybe = <T>(path: string): T | null => (existsSync(path) ? readJson<T>(path) : null);

/** A line a file: they are many numbers. */
const write = (path: string, value: unknown): void => writeAtomic(path, `${JSON.stringify(value)}\n`);
