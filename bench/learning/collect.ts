import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson, readJsonl } from "../../src/core/jsonl.ts";
import type { CeilingRow } from "../../src/eval/result-types.ts";
import type { Prediction } from "../../src/eval/types.ts";
import { STRATA, type StrataFile, type Stratum } from "../../src/run/stages/strata.ts";
import type { Job } from "./budgets.ts";
import type { Table } from "./hypotheses.ts";

/** A variant's score on one query. */
export interface Answered {
  readonly seed: number;
  readonly user: string;
  readonly query: string;
  readonly score: number;
}

/** All answers of a row of a table in one stratum, seed after seed. */
export interface Cell {
  readonly table: Table;
  readonly variant: string;
  readonly stratum: Stratum;
  readonly answers: readonly Answered[];
}

/** Folder of a run of the bench. */
export const runDir = (out: string, { seed, variant }: Pick<Job, "seed" | "variant">): string =>
  join(out, `seed-${seed}`, variant.run);

/** The answers of finished runs. */
export function collect(out: string, jobs: readonly Job[]): Cell[] {
  const cells = new Map<string, Cell & { answers: Answered[] }>();
  for (const job of jobs) {
    const run = runDir(out, job);
    const strata = stratumOf(run);
    for (const { table, variant, method } of job.variant.rows) {
      const predictions = readJsonl<Prediction>(join(run, "eval", `${method}.jsonl`));
      for (const stratum of STRATA) {
        const key = JSON.stringify([table, variant, stratum]);
        const cell = cells.get(key) ?? { table, variant, stratum, answers: [] };
        const own = predictions.filter(({ task, query }) => strata.get(`${task}/${query}`) === stratum);
        for (const one of own) cell.answers.push(answered(one, job));
        cells.set(key, cell);
      }
    }
  }
  return [...cells.values()].filter(({ answers }) => answers.length > 0);
}

function answered(prediction: Prediction, { seed, config }: Job): Answered {
  const { task, query, user, strictScore, lenientScore } = prediction;
  const score = config.eval.reading === "strict" ? strictScore : lenientScore;
  return { seed, user: user ?? `query ${query}`, query: `${task}/${query}`, score };
}

const strataFile = (run: string): StrataFile => readJson<StrataFile>(join(run, "data", "strata.json"));

function stratumOf(run: string): Map<string, Stratum> {
  const file = strataFile(run);
  return new Map(STRATA.flatMap((name) => file[name].queries.map((query) => [query, name] as const)));
}

/** What is possible in each stratum: means over the seeds. */
export function ceilingsOf(out: string, jobs: readonly Job[]): Partial<Record<Stratum, CeilingRow>> {
  const seeds = new Map(jobs.map((job) => [job.seed, runDir(out, job)]));
  const files = [...seeds.values()].map(strataFile);
  return Object.fromEntries(
    STRATA.flatMap((stratum) => {
      const parts = files.flatMap((file) => Object.values(file[stratum].ceilings));
      const n = parts.reduce((sum, part) => sum + part.n, 0);
      const mean = (name: keyof CeilingRow): number => parts.reduce((sum, part) => sum + (part.n * part[name]) / n, 0);
      const row = { query_only: mean("query_only"), shown_items: mean("shown_items"), oracle: mean("oracle") };
      return n === 0 ? [] : [[stratum, row] as const];
    }),
  );
}

/** What a file of each run says, where it is there. */
export function filesOf<T>(out: string, jobs: readonly Job[], ...path: string[]): { job: Job; file: T }[] {
  return jobs.flatMap((job) => {
    const full = join(runDir(out, job), ...path);
    return existsSync(full) ? [{ job, file: readJson<T>(full) }] : [];
  });
}
