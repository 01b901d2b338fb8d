import { describe, expect, it } from "vitest";
import { hierarchicalMean, holm } from "../../src/stats/bootstrap.ts";
import { jsonOf } from "./bench.ts";
import type { Answered, Cell } from "./collect.ts";
import { comparisons, scoreRows, verdictOf } from "./verdicts.ts";

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
    const [row] = scoreRows([{ table: "ablation", variant: "TagPR", stratum: "unseen", answers }], 4000);
    // Binomial of 4 draws from two values: .4 and .6 with probability 1/16 each are the outermost 95%.
    expect([row?.low, row?.high]).toEqual([expect.closeTo(0.4, 9), expect.closeTo(0.6, 9)]);
    expect(row).toMatchObject({ score: expect.closeTo(0.5, 9), n: 200, seeds: 4 });
  });
});

/** R: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "holm") */
it("Holm's correction is R's", () => {
  const expected = [0.04, 0.09, 0.09, 0.025, 0.5];
  for (const [i, p] of holm([0.01, 0.04, 0.03, 0.005, 0.5]).entries()) expect(p).toBeCloseTo(expected[i] ?? 0, 12);
});

/** One answer a user, the same score on each, a seed a mean. */
function cell(variant: string, means: readonly number[], users: number, stratum: Cell["stratum"] = "unseen"): Cell {
  const answers = means.flatMap((score, seed) =>
    Array.from({ length: users }, (_, i): Answered => ({ seed, user: `u${i}`, query: `q${i}`, score })),
  );
  return { table: "ablation", variant, stratum, answers };
}

const asked = (b: string) => ({ table: "ablation", a: "TagPR", b, required: false }) as const;

describe("verdicts", () => {
  it("follow interval and corrected p", () => {
    expect(verdictOf({ low: 0.01, high: 0.2 }, 0.01, 6)).toBe("supported");
    expect(verdictOf({ low: -0.2, high: -0.01 }, 0.01, 6)).toBe("opposed");
    expect(verdictOf({ low: 0.01, high: 0.2 }, 0.06, 6)).toBe("undecided");
    expect(verdictOf({ low: -0.01, high: 0.2 }, 0.01, 6)).toBe("undecided");
    expect(verdictOf({ low: 0.01, high: 0.2 }, 0.01, 5)).toBe("undecided");
  });

  it("are about differences on the same queries, corrected over all of a table's strata", () => {
    const cells = [
      cell("TagPR", [0.5, 0.7, 0.6, 0.5, 0.7, 0.6], 20),
      cell("base", [0.3, 0.5, 0.4, 0.3, 0.5, 0.4], 20),
      cell("w/o Tag", [0.6, 0.8, 0.7, 0.6, 0.8, 0.7], 20),
      cell("w/o RL", [0.5, 0.7, 0.6, 0.5, 0.7, 0.6], 20),
    ];
    const found = comparisons(cells, [asked("base"), asked("w/o Tag"), asked("w/o RL"), asked("w/o SFT")], 500);
    expect(found.map(({ b, verdict }) => [b, verdict])).toEqual([
      ["base", "supported"],
      ["w/o Tag", "opposed"],
      ["w/o RL", "undecided"],
    ]);
    expect(found[0]).toMatchObject({ difference: expect.closeTo(0.2, 9), low: expect.closeTo(0.2, 9) });
    // 2/501 is the least p of 500 resamples; three comparisons.
    expect(found[0]?.p).toBeCloseTo((3 * 2) / 501, 9);
    const both = [...cells, cell("TagPR", [0.5], 20, "cold"), cell("base", [0.4], 20, "cold")];
    const more = comparisons(both, [asked("base"), asked("w/o Tag"), asked("w/o RL")], 500);
    expect(more).toHaveLength(4);
    expect(more[0]?.p).toBeCloseTo((4 * 2) / 501, 9);
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
    mixed: [],
    notRun: [],
    rollouts: 5,
    probes: [],
    rewardModels: [],
  }) as { rows: object[]; paired: object[]; ceilings: object };
  expect(Object.keys(json)).toEqual(["rows", "paired", "ceilings"]);
  expect(Object.keys(json.rows[0] ?? {}).sort()).toEqual(
    ["table", "variant", "stratum", "score", "low", "high", "n", "seeds"].sort(),
  );
  expect(Object.keys(json.paired[0] ?? {})).toEqual(["a", "b", "stratum", "difference", "low", "high", "verdict"]);
  expect(json.rows).toHaveLength(2);
});
