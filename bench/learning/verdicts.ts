import { TagprError } from "../../src/core/errors.ts";
import { groupBy } from "../../src/core/group.ts";
import type { TruthShares } from "../../src/rewards/truth.ts";
import type { Stratum } from "../../src/run/stages/strata.ts";
import { hierarchicalMean, holm } from "../../src/stats/bootstrap.ts";
import { detectable, type PairedTest, pairedTest } from "../../src/stats/paired.ts";
import type { Answered, Cell } from "./collect.ts";
import { type Family, type Hypothesis, TABLES, type Table } from "./hypotheses.ts";

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
  /** Of the answers that rest on a statement about the history the share where it is true; null where none does, or nobody kept it. */
  readonly deciding_true: number | null;
}

export type Verdict = "supported" | "opposed" | "equivalent" | "undecided";

/** A comparison: a − b on the same queries; `verdict` on the hypothesis a > b. */
export interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly stratum: Stratum;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Null where none is claimed: outside the headline, or where the same runs are a claim elsewhere. */
  readonly verdict: Verdict | null;
  readonly table: Table;
  readonly family: Family | null;
  readonly required: boolean;
  /** Of the paired t test over seeds, Holm-corrected over the family; as it is where there is no verdict. */
  readonly p: number;
  /** The true difference that 80% of such benches would find, in this family; null of a single seed. */
  readonly detectable: number | null;
  readonly test: PairedTest;
}

const RESAMPLES = 5000;
const LEVEL = 0.05;

/** Less than this either way is the same, for anyone who chooses between methods: the paper's ablations are .03 to .05. */
export const MARGIN = 0.03;

/** The stratum that claims are made on. */
const HEADLINE: Stratum = "unseen";

const nested = (answers: readonly Answered[]) =>
  answers.map(({ seed, user, score }) => ({ levels: [seed, user], value: score }));

export function scoreRows(cells: readonly Cell[], resamples = RESAMPLES): ScoreRow[] {
  return cells.map(({ table, variant, stratum, answers, truth }) => {
    const name = ["learning", table, variant, stratum];
    const { mean, low, high, n } = hierarchicalMean(nested(answers), { name, resamples });
    return {
      table,
      variant,
      stratum,
      score: mean,
      low,
      high,
      n,
      seeds: bySeed(answers).length,
      deciding_true: decidingOver(truth),
    };
  });
}

function decidingOver(truth: readonly TruthShares[]): number | null {
  const decided = truth.reduce((sum, one) => sum + one.decided, 0);
  return decided === 0 ? null : truth.reduce((sum, one) => sum + one.decidedTrue, 0) / decided;
}

/** A comparison before its family is known. */
type Found = Omit<Comparison, "verdict" | "p" | "detectable">;

/** Every hypothesis whose two variants have answered, in every stratum. */
export function comparisons(
  cells: readonly Cell[],
  hypotheses: readonly Hypothesis[],
  resamples = RESAMPLES,
): Comparison[] {
  const found = TABLES.flatMap((table) =>
    hypotheses.filter((one) => one.table === table).flatMap((one) => compared(cells, one, resamples)),
  );
  const sizes = groupBy(hypotheses, ({ family }) => family);
  const families = groupBy(found.filter(isClaim), ({ family }) => family);
  return found.map((one) => {
    const { test } = one;
    const m = one.family === null ? 1 : (sizes.get(one.family)?.length ?? 1);
    const told = detectable(test.sd, test.n, m);
    if (!isClaim(one)) return { ...one, p: test.p, detectable: told, verdict: null };
    const family = families.get(one.family) ?? [];
    const corrected = (of: (test: PairedTest) => number): number =>
      holm(
        family.map((other) => of(other.test)),
        m,
      )[family.indexOf(one)] ?? 1;
    const p = corrected((of) => of.p);
    return {
      ...one,
      p,
      detectable: told,
      verdict: verdictOf(
        test,
        p,
        corrected((of) => of.pEquivalent),
      ),
    };
  });
}

const isClaim = ({ family, stratum }: Found): boolean => family !== null && stratum === HEADLINE;

function compared(cells: readonly Cell[], hypothesis: Hypothesis, resamples: number): Found[] {
  const { table } = hypothesis;
  const of = (variant: string) => cells.filter((cell) => cell.table === table && cell.variant === variant);
  return of(hypothesis.a).flatMap((left) => {
    const right = of(hypothesis.b).find(({ stratum }) => stratum === left.stratum);
    if (right === undefined) return [];
    const values = differences(left, right);
    const name = ["learning", table, hypothesis.a, hypothesis.b, left.stratum];
    const { mean: difference, low, high } = hierarchicalMean(nested(values), { name, resamples });
    return [{ ...hypothesis, stratum: left.stratum, difference, low, high, test: pairedTest(bySeed(values), MARGIN) }];
  });
}

/** One mean a seed: claims are about training again. */
const bySeed = (answers: readonly Answered[]): number[] =>
  [...groupBy(answers, ({ seed }) => seed).values()].map(
    (own) => own.reduce((sum, { score }) => sum + score, 0) / own.length,
  );

/** With fewer a sign test could not reject at 5% though all seeds agreed: 2^(1 − 5) = .0625. */
export const LEAST_SEEDS = 6;

/**
 * Supported or opposed by the corrected p of the t test, where flipping signs says so too; equivalent by the corrected p
 * of TOST; p-values are those of one claim. Both can hold of a small sure difference: then its direction is said.
 */
export function verdictOf(test: PairedTest, p: number, pEquivalent: number): Verdict {
  if (test.n < LEAST_SEEDS) return "undecided";
  const flipped = test.pFlip === null || test.pFlip < LEVEL;
  if (p < LEVEL && flipped) return test.mean > 0 ? "supported" : "opposed";
  return pEquivalent < LEVEL ? "equivalent" : "undecided";
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
