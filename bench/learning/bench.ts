import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { App } from "../../src/cli/app.ts";
import { executeRun } from "../../src/cli/execute.ts";
import { messageOf, TagprError } from "../../src/core/errors.ts";
import { readJson, writeJson } from "../../src/core/jsonl.ts";
import { hashJson } from "../../src/core/run-dir.ts";
import type { CeilingRow } from "../../src/eval/result-types.ts";
import type { Probe } from "../../src/policy/validate.ts";
import type { HeldOutReport } from "../../src/prmu/held-out.ts";
import { lockRun } from "../../src/run/lock.ts";
import { stagesFor } from "../../src/run/needed.ts";
import { sharing } from "../../src/run/sharing.ts";
import type { Stratum } from "../../src/run/stages/strata.ts";
import { answersIn, answersOf, keepAnswers } from "./answers.ts";
import { eachAtOnce, named } from "./at-once.ts";
import { type Asked, type Budget, budgetKey, firstOf, type Job, jobsOf, runDir } from "./budgets.ts";
import { ceilingsOf, collect, type Done } from "./collect.ts";
import { ADDED, HYPOTHESES, RIVALS, sensitivityPairs, TABLES, type Table } from "./hypotheses.ts";
import { type Comparison, comparisons, type ScoreRow, scoreRows } from "./verdicts.ts";

export interface BenchOptions extends Asked {
  readonly out: string;
  /** So many runs are trained side by side. */
  readonly atOnce: number;
  /** Runs of a seed that this sitting is about, by their folders' names; all of them without. */
  readonly only?: readonly string[];
}

/** What the bench found; `rows`, `paired` and `ceilings` are what `--json` prints. */
export interface Finding {
  readonly rows: readonly ScoreRow[];
  readonly paired: readonly Comparison[];
  readonly ceilings: Partial<Record<Stratum, CeilingRow>>;
  /** The same of the seeds that each table has. */
  readonly ceilingsBy: Partial<Record<Table, Partial<Record<Stratum, CeilingRow>>>>;
  /** What was put over the budget: with anything in it the numbers are no claim. */
  readonly set: readonly string[];
  /** Revisions of the program that made the runs. */
  readonly revisions: readonly (string | null)[];
  /** The runs had the settings of those revisions, whatever today's are. */
  readonly asMade: boolean;
  /** Seeds of a table whose runs are of more than one revision: a difference there may be the program's. */
  readonly mixed: readonly { readonly table: Table; readonly seeds: readonly number[] }[];
  /** Responses a prompt in RL: the k of pass@k. */
  readonly rollouts: number;
  /** Rivals' rows that no seed has, and the run that would make each. */
  readonly notRun: readonly { readonly table: Table; readonly variant: string; readonly run: string }[];
  readonly probes: readonly { readonly run: string; readonly seed: number; readonly probe: Probe }[];
  readonly rewardModels: readonly {
    readonly run: string;
    readonly seed: number;
    readonly accepted: boolean;
    readonly report: HeldOutReport;
  }[];
}

/** The runs of this sitting; where kept answers are told as they were made, those that are kept. */
export const wantedOf = ({ only, ...asked }: Asked & Pick<BenchOptions, "only">): Job[] =>
  jobsOf(asked).filter(
    (job) =>
      (only?.includes(job.variant.run) ?? true) &&
      (asked.asMade === undefined || answersOf(asked.asMade, job) !== null),
  );

/**
 * Trains what isn't trained yet, then tells the tables of which all runs are done; null when there is none, or it was
 * stopped: nobody looks at some runs of a table before the others.
 */
export async function runBench(options: BenchOptions, app: App): Promise<Finding | null> {
  const { out, atOnce } = options;
  const release = lockRun(out);
  try {
    belongs(options);
    const jobs = jobsOf(options);
    mkdirSync(join(out, "shelf"), { recursive: true });
    mkdirSync(join(out, "weights"), { recursive: true });
    const own: App = { ...app, stages: sharing(app.stages, join(out, "shelf")) };
    const wanted = wantedOf(options).filter((job) => answersOf(answersIn(out), job) === null);
    await eachAtOnce(wanted, { atOnce, after: firstOf(wanted) }, own, async (job, one) => {
      const name = `seed ${job.seed}, ${job.variant.run}`;
      app.io.err(`\nRun ${wanted.indexOf(job) + 1} of ${wanted.length}: ${name}\n`);
      try {
        await oneRun(out, job, atOnce === 1 ? one : { ...one, io: named(one.io, name) });
        if (one.outcome.code === 0) keepAnswers(out, job);
      } catch (error) {
        app.io.err(`${name} failed: ${messageOf(error)}\n`);
        throw error;
      }
    });
    if (app.outcome.code !== 0) return null;
    const told: Table[] = [];
    for (const table of TABLES) {
      const left = missing(table, jobs, out);
      if (left.length === 0) told.push(table);
      else app.io.err(waitingFor(table, left));
    }
    const finding = findingOf(options, jobs, told);
    if (finding.rows.length === 0) return null;
    writeJson(join(out, "result.json"), finding);
    return finding;
  } finally {
    release();
  }
}

/** A run folder like any other, but its weights lie in the store of all. */
async function oneRun(out: string, job: Job, app: App): Promise<void> {
  const run = runDir(out, job);
  mkdirSync(run, { recursive: true });
  const weights = join(run, "weights");
  if (!existsSync(weights)) symlinkSync(join("..", "..", "weights"), weights);
  await executeRun(app, {
    run,
    config: job.config,
    only: stagesFor(app.stages, job.config),
    fresh: false,
    json: false,
    anyHardware: true,
    download: true,
  });
}

interface BelongsTo {
  readonly budget: Budget["name"];
  readonly set: readonly string[];
  readonly key: string;
}

/** A budget changed after its numbers were seen would make them worthless: a folder is one budget's. */
function belongs({ budget, set, out }: BenchOptions): void {
  const path = join(out, "bench.json");
  const own: BelongsTo = { budget: budget.name, set, key: budgetKey(budget, set) };
  if (!existsSync(path)) writeJson(path, own);
  const there = readJson<BelongsTo>(path);
  if (there.key === own.key) return;
  const said = there.set.length === 0 ? "" : ` with ${there.set.join(", ")}`;
  throw new TagprError("run", `${out} belongs to the ${there.budget} budget${said}, as it was when that began`, {
    hint: "Another budget, or a preset that was changed since, needs a folder of its own: give --out.",
  });
}

const rowIn = (table: Table, { variant }: Job): boolean => variant.rows.some((row) => row.table === table);

/** Of a table's runs on the asked seeds, those that nobody has done yet; it doesn't wait for rivals. */
const missing = (table: Table, jobs: readonly Job[], out: string): Job[] =>
  jobs.filter((job) => job.variant.rival !== true && rowIn(table, job) && answersOf(answersIn(out), job) === null);

function waitingFor(table: Table, left: readonly Job[]): string {
  const [first = ""] = left.map(({ seed, variant }) => `seed ${seed}, ${variant.run}`);
  const what = left.length === 1 ? `${first} is missing` : `${left.length} runs are missing (${first}; …)`;
  return `The table ${table} is told once all of its runs are done: ${what}.\n`;
}

function findingOf({ set, out, asMade }: BenchOptions, jobs: readonly Job[], told: readonly Table[]): Finding {
  const folder = answersIn(out);
  const done = jobs.flatMap((job): Done[] => {
    const answers = told.some((table) => rowIn(table, job)) ? answersOf(folder, job) : null;
    return answers === null ? [] : [{ job, answers }];
  });
  const cells = collect(folder, done).filter(({ table }) => told.includes(table));
  const others = [...new Set(cells.filter(({ table }) => table === "sensitivity").map(({ variant }) => variant))];
  const hypotheses = [
    ...HYPOTHESES,
    ...RIVALS,
    ...ADDED,
    ...sensitivityPairs(others.filter((name) => name !== "TagPR")),
  ];
  const inTable = (table: Table): Done[] => done.filter(({ job }) => rowIn(table, job));
  const ofRun = ({ variant, seed }: Job) => ({ run: variant.run, seed });
  return {
    rows: scoreRows(cells),
    paired: comparisons(cells, hypotheses),
    ceilings: ceilingsOf(folder, seedsOf(done)),
    ceilingsBy: Object.fromEntries(told.map((table) => [table, ceilingsOf(folder, seedsOf(inTable(table)))])),
    set,
    revisions: revisionsOf(done),
    asMade: asMade !== undefined,
    mixed: told.flatMap((table) => {
      const own = inTable(table);
      const of = (seed: number): Done[] => own.filter(({ job }) => job.seed === seed);
      const seeds = seedsOf(own).filter((seed) => revisionsOf(of(seed)).length > 1);
      return seeds.length === 0 ? [] : [{ table, seeds }];
    }),
    notRun: notRunOf(jobs, done, told),
    rollouts: jobs[0]?.config.guided.rollouts ?? 0,
    probes: done.flatMap(({ job, answers: { probe } }) => (probe === null ? [] : [{ ...ofRun(job), probe }])),
    rewardModels: distinct(done).flatMap(({ job, answers: { rewardModel } }) =>
      rewardModel === null ? [] : [{ ...ofRun(job), accepted: rewardModel.accepted, report: rewardModel.after }],
    ),
  };
}

function notRunOf(jobs: readonly Job[], done: readonly Done[], told: readonly Table[]): Finding["notRun"] {
  const rivals = [...new Map(jobs.map(({ variant }) => [variant.run, variant])).values()].filter(({ rival }) => rival);
  return rivals
    .filter(({ run }) => !done.some(({ job }) => job.variant.run === run))
    .flatMap(({ run, rows }) => rows.map(({ table, variant }) => ({ table, variant, run })))
    .filter(({ table }) => told.includes(table));
}

const seedsOf = (done: readonly Done[]): number[] => [...new Set(done.map(({ job }) => job.seed))];
const revisionsOf = (done: readonly Done[]): (string | null)[] => [
  ...new Set(done.map(({ answers }) => answers.revision)),
];

/** Runs that share a reward model would tell of it again and again. */
function distinct(done: readonly Done[]): Done[] {
  const told = new Set<string>();
  return done.filter(({ job: { seed }, answers: { rewardModel } }) => {
    const key = hashJson({ seed, rewardModel });
    if (told.has(key)) return false;
    told.add(key);
    return true;
  });
}

/** `{"rows", "paired", "ceilings"}` and nothing else. */
export function jsonOf({ rows, paired, ceilings }: Finding): unknown {
  return {
    rows,
    paired: paired.map(({ a, b, stratum, difference, low, high, verdict, detectable, p, test }) => {
      return { a, b, stratum, difference, low, high, verdict, detectable, p, seeds: test.n };
    }),
    ceilings,
  };
}
