import { TagprError } from "../../src/core/errors.ts";
import type { Stratum } from "../../src/run/stages/strata.ts";
import { type Estimate, hierarchicalMean, holm } from "../../src/stats/bootstrap.ts";
import type { Answered, Cell } from "./collect.ts";
import { type Hypothesis, TABLES, type Table } from "./hypotheses.ts";

/** A line of `--json`'s `rows`: mean score with its 95% interval; n answers over all seeds. */
export interface ScoreRow {
  readonly table: Table;
  readonly variant: string;
  readonly stratum: Stratum;
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  readonly seeds: number;
}

/** A comparison: a − b on the same queries; `verdict` on the hypothesis a > b. */
export interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly stratum: Stratum;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: "supported" | "opposed" | "undecided";
  readonly table: Table;
  readonly required: boolean;
  /** Holm-corrected over the table, all strata. */
  readonly p: number;
}

const RESAMPLES = 5000;
const LEVEL = 0.05;

const nested = (answers: readonly Answered[]) =>
  answers.map(({ seed, user, score }) => ({ levels: [seed, user], value: score }));

export function scoreRows(cells: readonly Cell[], resamples = RESAMPLES): ScoreRow[] {
  return cells.map(({ table, variant, stratum, answers }) => {
    const name = ["learning", table, variant, stratum];
    const { mean, low, high, n } = hierarchicalMean(nested(answers), { name, resamples });
    return { table, variant, stratum, score: mean, low, high, n, seeds: seedsOf(answers) };
  });
}

/** Every hypothesis whose two variants have answered, in every stratum. */
export function comparisons(
  cells: readonly Cell[],
  hypotheses: readonly Hypothesis[],
  resamples = RESAMPLES,
): Comparison[] {
  return TABLES.flatMap((table) => {
    const own = hypotheses.filter((one) => one.table === table);
    const found = own.flatMap((hypothesis) => {
      const [a, b] = [hypothesis.a, hypothesis.b].map((variant) =>
        cells.filter((cell) => cell.table === table && cell.variant === variant),
      );
      return (a ?? []).flatMap((left) => {
        const right = b?.find(({ stratum }) => stratum === left.stratum);
        if (right === undefined) return [];
        const values = differences(left, right);
        const name = ["learning", table, hypothesis.a, hypothesis.b, left.stratum];
        const estimate = hierarchicalMean(nested(values), { name, resamples });
        return [{ hypothesis, stratum: left.stratum, seeds: seedsOf(values), ...estimate }];
      });
    });
    const corrected = holm(found.map(({ p }) => p));
    return found.map(({ hypothesis, stratum, seeds, ...estimate }, i) => {
      const p = corrected[i] ?? 1;
      const { mean: difference, low, high } = estimate;
      return { ...hypothesis, stratum, difference, low, high, p, verdict: verdictOf(estimate, p, seeds) };
    });
  });
}

const seedsOf = (answers: readonly Answered[]): number => new Set(answers.map(({ seed }) => seed)).size;

/** With fewer a sign test could not reject at 5% though all seeds agreed: 2^(1 − 5) = .0625. */
export const LEAST_SEEDS = 6;

/** Supported or opposed when the interval leaves 0 out, the corrected p-value is below the level and seeds are enough. */
export function verdictOf(
  { low, high }: Pick<Estimate, "low" | "high">,
  p: number,
  seeds: number,
): Comparison["verdict"] {
  if (seeds < LEAST_SEEDS || p >= LEVEL || (low <= 0 && high >= 0)) return "undecided";
  return low > 0 ? "supported" : "opposed";
}

/** By query and seed, on the seeds that both have; @throws where they have not answered the same queries. */
function differences(a: Cell, b: Cell): Answered[] {
  const key = ({ seed, query }: Answered): string => `${seed} ${query}`;
  const common = new Set(a.answers.map(({ seed }) => seed));
  const others = new Map(b.answers.filter(({ seed }) => common.has(seed)).map((one) => [key(one), one.score]));
  const seeds = new Set(b.answers.map(({ seed }) => seed));
  const left = a.answers.filter(({ seed }) => seeds.has(seed));
  if (left.length !== others.size || left.length === 0)
    throw new TagprError("run", `${a.variant} and ${b.variant} have not answered the same ${a.stratum} queries`, {
      hint: "Start the bench again in a folder of its own (--out).",
    });
  return left.map((one) => {
    const other = others.get(key(one));
    if (other === undefined)
      throw new TagprError("run", `${b.variant} has no answer to ${one.query} of seed ${one.seed}`, {
        hint: "Start the bench again in a folder of its own (--out).",
      });
    return { ...one, score: one.score - other };
  });
}
