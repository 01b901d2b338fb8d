import type { CeilingRow } from "../../src/eval/result-types.ts";
import type { TruthShares } from "../../src/rewards/truth.ts";
import { STRATA, type Stratum } from "../../src/run/stages/strata.ts";
import { type Answers, askedOf } from "./answers.ts";
import type { Job } from "./budgets.ts";
import type { Table } from "./hypotheses.ts";

/** A run that is done. */
export interface Done {
  readonly job: Job;
  readonly answers: Answers;
}

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
  /** Over the seeds whose answers were kept with it. */
  readonly truth: readonly TruthShares[];
}

/** The answers of finished runs, by row and stratum. */
export function collect(folder: string, done: readonly Done[]): Cell[] {
  const cells = new Map<string, Cell & { answers: Answered[]; truth: TruthShares[] }>();
  for (const { job, answers } of done) {
    const { seed } = job;
    const asked = askedOf(folder, job);
    for (const { table, variant, method } of job.variant.rows) {
      for (const stratum of STRATA) {
        const key = JSON.stringify([table, variant, stratum]);
        const cell = cells.get(key) ?? { table, variant, stratum, answers: [], truth: [] };
        const { queries, users } = asked[stratum];
        for (const [i, score] of (answers.scores[method]?.[stratum] ?? []).entries())
          cell.answers.push({ seed, user: users[i] ?? "", query: queries[i] ?? "", score });
        const truth = answers.truth?.[method]?.[stratum];
        if (truth !== undefined) cell.truth.push(truth);
        cells.set(key, cell);
      }
    }
  }
  return [...cells.values()].filter(({ answers }) => answers.length > 0);
}

/** What is possible in each stratum: means over the seeds. */
export function ceilingsOf(folder: string, seeds: readonly number[]): Partial<Record<Stratum, CeilingRow>> {
  const files = seeds.map((seed) => askedOf(folder, { seed }));
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
