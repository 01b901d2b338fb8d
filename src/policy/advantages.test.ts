import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../core/jsonl.ts";
import { decoupledAdvantages } from "./decoupled-advantages.ts";
import { groupAdvantages, hasSpread } from "./group-advantages.ts";

describe("advantages", () => {
  it("have mean 0 and population spread 1 (up to δ)", () => {
    const rewards = fc.array(fc.double({ min: -1, max: 2, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(rewards, (r) => {
        const a = groupAdvantages(r, 1e-6);
        const mean = a.reduce((x, y) => x + y, 0) / a.length;
        expect(mean).toBeCloseTo(0, 6);
        const spread = Math.max(...r) - Math.min(...r);
        if (spread > 0.01) expect(Math.sqrt(a.reduce((x, y) => x + y * y, 0) / a.length)).toBeCloseTo(1, 3);
      }),
    );
  });
  it("are exactly 0 without spread, also where the mean rounds", () => {
    expect(groupAdvantages([0.1, 0.1, 0.1, 0.1, 0.1], 1e-6)).toEqual([0, 0, 0, 0, 0]);
    expect(hasSpread([0.1, 0.1])).toBe(false);
  });
  it("match a hand-worked group: one right of five", () => {
    expect(groupAdvantages([1, 0, 0, 0, 0], 0).map((x) => Number(x.toFixed(6)))).toEqual([2, -0.5, -0.5, -0.5, -0.5]);
  });
  it("are damped by δ where the spread is small", () => {
    expect(Math.max(...groupAdvantages([0.01, 0, 0, 0, 0], 0.05))).toBeLessThan(0.2);
  });
});

describe("decoupled advantages", () => {
  const signals = (rows: readonly (readonly number[])[], weights: readonly number[]) =>
    weights.map((weight, j) => ({ weight, values: rows.map((row) => row[j] ?? 0) }));

  it("are TRL's normalize_then_sum (its values, float64)", () => {
    const { decoupled } = readJson(join(import.meta.dirname, "../../engine/tests/golden/trl_grpo.json")) as {
      decoupled: { weights: number[]; rollouts: number; rewards: number[][]; advantages: number[] };
    };
    const { weights, rollouts: k, rewards, advantages } = decoupled;
    const groups = Array.from({ length: rewards.length / k }, (_, g) =>
      signals(rewards.slice(g * k, (g + 1) * k), weights),
    );
    // TRL's deviations are a sample's, ours the population's: one factor within groups (so for δ = 1e-4 too), one over the batch.
    const own = decoupledAdvantages(groups, 1e-4 * Math.sqrt((k - 1) / k)).flat();
    const factor = Math.sqrt(rewards.length / (rewards.length - 1));
    for (const [i, theirs] of advantages.entries()) expect(own[i]).toBeCloseTo(theirs * factor, 3);
  });
  it("of a single signal are the group's own, up to one factor for the batch", () => {
    const groups = [
      [1, 0, 0.5],
      [0, 0, 1],
      [2, 1, 0],
    ];
    const own = decoupledAdvantages(
      groups.map((values) => [{ weight: 0.3, values }]),
      1e-9,
    );
    const plain = groups.map((values) => groupAdvantages(values, 1e-9));
    const factor = (own[0]?.[0] ?? 0) / (plain[0]?.[0] ?? 1);
    for (const [g, row] of own.entries())
      for (const [i, a] of row.entries()) expect(a).toBeCloseTo(factor * (plain[g]?.[i] ?? 0), 6);
  });
  it("keep a small signal's weight beside a large one, and are 0 where nothing differs", () => {
    // Summed first, the small signal has a hundredth of the large one's part; decoupled it has half.
    const rows = [
      [1, 0.01],
      [0, 0],
      [1, 0],
      [0, 0.01],
    ];
    const [own = [], flat = []] = decoupledAdvantages(
      [
        signals(rows, [1, 0.5]),
        signals(
          rows.map(() => [1, 1]),
          [1, 0.5],
        ),
      ],
      1e-9,
    );
    expect(
      ((own[0] ?? 0) - (own[2] ?? 0)) / ((own[2] ?? 0) - (own[3] ?? 0) + ((own[0] ?? 0) - (own[2] ?? 0))),
    ).toBeCloseTo(0.5, 6);
    expect(flat).toEqual([0, 0, 0, 0]);
  });
});
