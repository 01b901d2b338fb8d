import { describe, expect, it } from "vitest";
import { hierarchicalMean, holm } from "../../src/stats/bootstrap.ts";
import { detectable, pairedTest } from "../../src/stats/paired.ts";
import { jsonOf } from "./bench.ts";
import type { Answered, Cell } from "./collect.ts";
import type { Hypothesis } from "./hypotheses.ts";
import { comparisons, MARGIN, scoreRows, verdictOf } from "./verdicts.ts";

/** Seeds of users of query scores: small enough to write out every resample. */
const SMALL = [[[1, 0]], [[0.5], [0.25, 0.75]]];

/** Every mean that one draw of each level can give, with its probability: no random number in it. */
function everyMean(): { mean: number; p: number }[] {
  type Draw = { sum: number; n: number; p: number };
  const join = (parts: readonly Draw[][]): Draw[] =>
    parts.reduce<Draw[]>(
      (all, part) => all.flatMap((a) => part.map((b) => ({ sum: a.sum + b.sum, n: a.n + b.n, p: a.p * b.p }))),
      [{ sum: 0, n: 0, p: 1 }],
    );
  /** As many draws with replacement as there are options, each option itself random. */
  const level = (options: readonly Draw[][]): Draw[] => {
    const one = options.flat().map((draw) => ({ ...draw, p: draw.p / options.length }));
    return join(options.map(() => one));
  };
  const draws = level(
    SMALL.map((users) => level(users.map((scores) => level(scores.map((sum) => [{ sum, n: 1, p: 1 }]))))),
  );
  return draws.map(({ sum, n, p }) => ({ mean: sum / n, p }));
}

describe("the hierarchical bootstrap", () => {
  const rows = SMALL.flatMap((users, seed) =>
    users.flatMap((scores, user) => scores.map((value) => ({ levels: [seed, user], value }))),
  );

  it("has the distribution of all resamples, written out", () => {
    const all = everyMean();
    expect(all.reduce((sum, { p }) => sum + p, 0)).toBeCloseTo(1, 9);
    for (const shift of [0.25, 0.5, 0.625]) {
      const below = all.filter(({ mean }) => mean - shift <= 1e-12).reduce((sum, { p }) => sum + p, 0);
      const above = all.filter(({ mean }) => mean - shift >= -1e-12).reduce((sum, { p }) => sum + p, 0);
      const moved = rows.map((row) => ({ ...row, value: row.value - shift }));
      const { p } = hierarchicalMean(moved, { name: ["exact", shift], resamples: 40_000 });
      expect(p).toBeCloseTo(Math.min(1, 2 * Math.min(below, above)), 1.7);
    }
  });

  it("is wider by what seeds differ: 4 seeds, spread ±.1 between them and none within", () => {
    const answers = cell("TagPR", [0.4, 0.6, 0.4, 0.6], 50).answers;
    const [row] = scoreRows([{ table: "ablation", variant: "TagPR", stratum: "unseen", answers, truth: [] }], 4000);
    // Binomial of 4 draws from two values: .4 and .6 with probability 1/16 each are the outermost 95%.
    expect([row?.low, row?.high]).toEqual([expect.closeTo(0.4, 9), expect.closeTo(0.6, 9)]);
    expect(row).toMatchObject({ score: expect.closeTo(0.5, 9), n: 200, seeds: 4 });
  });
});

/** R: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "holm") */
it("Holm's correction is R's", () => {
  const expected = [0.04, 0.09, 0.09, 0.025, 0.5];
  for (const [i, p] of holm([0.01, 0.04, 0.03, 0.005, 0.5]).entries()) expect(p).toBeCloseTo(expected[i] ?? 0, 12);
  expect(holm([0.01, 0.04], 5)).toEqual(holm([0.01, 0.04, 1, 1, 1]).slice(0, 2));
});

/** One answer a user, the same score on each, a seed a mean. */
function cell(variant: string, means: readonly number[], users: number, stratum: Cell["stratum"] = "unseen"): Cell {
  const answers = means.flatMap((score, seed) =>
    Array.from({ length: users }, (_, i): Answered => ({ seed, user: `u${i}`, query: `q${i}`, score })),
  );
  return { table: "ablation", variant, stratum, answers, truth: [] };
}

const asked = (b: string, family: Hypothesis["family"] = "primary"): Hypothesis => {
  return { table: "ablation", family, a: "TagPR", b, required: false };
};

describe("verdicts", () => {
  const seeds = (...differences: number[]) => pairedTest(differences, MARGIN);
  const clear = seeds(0.1, 0.12, 0.09, 0.11, 0.1, 0.13);

  it("follow the corrected p of the t test, of signs and of sameness, and six seeds at least", () => {
    expect(verdictOf(clear, 0.01, 1)).toBe("supported");
    expect(verdictOf(seeds(-0.1, -0.12, -0.09, -0.11, -0.1, -0.13), 0.01, 1)).toBe("opposed");
    expect(verdictOf(clear, 0.06, 1)).toBe("undecided");
    expect(verdictOf({ ...clear, pFlip: 0.06 }, 0.01, 1)).toBe("undecided");
    expect(verdictOf(seeds(0.1, 0.12, 0.09, 0.11, 0.1), 0.01, 1)).toBe("undecided");
    expect(verdictOf(clear, 0.5, 0.04)).toBe("equivalent");
    // A small sure difference is both: its direction is said.
    expect(verdictOf(clear, 0.01, 0.04)).toBe("supported");
    expect(verdictOf(seeds(0, 0, 0, 0, 0), 1, 0)).toBe("undecided");
  });

  it("take the seed as the unit: queries without end on six seeds that disagree decide nothing", () => {
    const cells = [
      cell("TagPR", [0.9, 0.1, 0.8, 0.2, 0.9, 0.2], 400),
      cell("base", [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 400),
    ];
    const [found] = comparisons(cells, [asked("base")], 200);
    expect(found).toMatchObject({ verdict: "undecided", test: { n: 6, signs: [3, 0, 3] } });
    expect(found?.detectable).toBeGreaterThan(0.3);
  });

  it("are about differences on the same queries, corrected over the family as it was named", () => {
    const better = [0.52, 0.7, 0.61, 0.5, 0.72, 0.6];
    const cells = [
      cell("TagPR", better, 50),
      cell(
        "base",
        better.map((x, i) => x - 0.2 - 0.02 * (i % 2)),
        50,
      ),
      cell(
        "w/o Tag",
        better.map((x, i) => x + 0.2 + 0.02 * (i % 2)),
        50,
      ),
      cell("w/o RL", better, 50),
    ];
    const named = [asked("base"), asked("w/o Tag"), asked("w/o RL"), asked("gold, at once")];
    const found = comparisons(cells, named, 500);
    expect(found.map(({ b, verdict }) => [b, verdict])).toEqual([
      ["base", "supported"],
      ["w/o Tag", "opposed"],
      ["w/o RL", "equivalent"],
    ]);
    // The fourth of the family has no runs yet, and counts.
    expect(found[0]?.p).toBeCloseTo(4 * (found[0]?.test.p ?? 0), 12);
    expect(found[1]?.p).toBeCloseTo(4 * (found[1]?.test.p ?? 0), 12);
    expect(found[0]?.detectable).toBeCloseTo(detectable(found[0]?.test.sd ?? 0, 6, 4) ?? 0, 12);
    const alone = comparisons(cells, [asked("base"), asked("w/o Tag", "Table 1")], 500);
    expect(alone[0]?.p).toBeCloseTo(found[0]?.test.p ?? 0, 12);
  });

  it("are none outside the headline, nor where the same runs are a claim elsewhere", () => {
    const of = (stratum: Cell["stratum"]) => [
      cell("TagPR", [0.5, 0.7, 0.6, 0.5, 0.7, 0.65], 20, stratum),
      cell("base", [0.3, 0.5, 0.4, 0.31, 0.5, 0.4], 20, stratum),
    ];
    const [seen] = comparisons(of("seen"), [asked("base")], 100);
    expect(seen?.verdict).toBeNull();
    expect(comparisons(of("unseen"), [asked("base", null)], 100)[0]?.verdict).toBeNull();
    expect(comparisons(of("unseen"), [asked("base")], 100)[0]?.verdict).toBe("supported");
  });

  it("compare on the seeds that both have, and refuse different queries", () => {
    const cells = [cell("TagPR", [0.5, 0.7, 0.6], 20), cell("base", [0.3], 20)];
    expect(comparisons(cells, [asked("base")], 100)[0]?.difference).toBeCloseTo(0.2, 9);
    expect(() => comparisons([cell("TagPR", [0.5], 20), cell("base", [0.5], 19)], [asked("base")])).toThrow(
      /TagPR and base have not answered the same unseen queries/,
    );
  });
});

it("--json has exactly the fields asked for", () => {
  const cells = [cell("TagPR", [0.5, 0.6], 10), cell("base", [0.4, 0.5], 10)];
  const json = jsonOf({
    rows: scoreRows(cells, 50),
    paired: comparisons(cells, [asked("base")], 50),
    ceilings: { unseen: { query_only: 0.3, shown_items: 0.7, oracle: 0.9 } },
    set: ["x=1"],
    ceilingsBy: {},
    revisions: ["a1"],
    asMade: false,
    mixed: [],
    notRun: [],
    rollouts: 5,
    probes: [],
    rewardModels: [],
  }) as { rows: object[]; paired: object[]; ceilings: object };
  expect(Object.keys(json)).toEqual(["rows", "paired", "ceilings"]);
  expect(Object.keys(json.rows[0] ?? {}).sort()).toEqual(
    ["table", "variant", "stratum", "score", "low", "high", "n", "seeds", "deciding_true"].sort(),
  );
  expect(Object.keys(json.paired[0] ?? {})).toEqual([
    ...["a", "b", "stratum", "difference", "low", "high", "verdict", "detectable", "p", "seeds"],
  ]);
  expect(json.rows).toHaveLength(2);
});
