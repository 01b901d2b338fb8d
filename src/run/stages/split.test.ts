import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import type { QueryId, UserId } from "../../data/types.ts";
import { type Candidate, divide, sampleOf, splitTrain } from "./split.ts";

const sizes = (data: object) => configSchema.parse({ data }).data;
const candidates = (users: number, each: number): Candidate[] =>
  Array.from({ length: users * each }, (_, i) => ({ id: `q${i}` as QueryId, user: `u${i % users}` as UserId }));
const common = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [...a].filter((id) => b.has(id));

describe("splitTrain", () => {
  it("no user of dev is in a training set, whatever the sizes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer(),
        (users, each, seed) => {
          const all = candidates(users, each);
          fc.pre(all.length >= 20);
          const split = splitTrain(all, sizes({ chains: 30, rl: 40, prmu: 20, dev: 15 }), seed, "t");
          const owner = new Map(all.map(({ id, user }) => [id, user]));
          const dev = new Set([...split.dev].map((id) => owner.get(id)));
          for (const part of [split.chains, split.rl, split.prmu])
            for (const id of part) expect(dev.has(owner.get(id) ?? null)).toBe(false);
        },
      ),
    );
  });

  it("PRMU's queries are neither RL's nor the chains'", () => {
    for (const n of [3, 10, 40]) {
      const split = splitTrain(candidates(12, n), sizes({ chains: 100, rl: 120, prmu: 60, dev: 20 }), 1, "t");
      expect(common(split.prmu, split.rl)).toEqual([]);
      expect(common(split.prmu, split.chains)).toEqual([]);
    }
  });

  it("is the same for the same seed, another for another", () => {
    const all = candidates(20, 10);
    const ids = (seed: number) => [...splitTrain(all, sizes({ chains: 30, rl: 40, prmu: 20, dev: 15 }), seed, "t").rl];
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
  });

  it("the dev slice is never more than its share, however much its users have", () => {
    const split = splitTrain(candidates(2, 600), sizes({ chains: 300, rl: 300, prmu: 200, dev: 200 }), 1, "t");
    expect(split.dev.size).toBe(200);
    expect(split.prmu.size + split.rl.size).toBeLessThanOrEqual(600);
    expect(() => splitTrain(candidates(1, 600), sizes({ dev: 200 }), 1, "t")).toThrow(
      /t: all 600 train queries are of one user/,
    );
  });

  it("who has more queries than the whole dev slice trains, where others can fill it", () => {
    const heavy = Array.from({ length: 60 }, (_, i) => ({ id: `h${i}` as QueryId, user: "heavy" as UserId }));
    const all = [...heavy, ...candidates(30, 2)];
    for (const seed of [1, 2, 3, 4, 5]) {
      const split = splitTrain(all, sizes({ chains: 300, rl: 30, prmu: 20, dev: 20 }), seed, "t");
      expect([...split.dev].filter((id) => id.startsWith("h"))).toEqual([]);
      expect(split.dev.size).toBe(20);
      expect(split.chains.size + split.prmu.size).toBe(100);
    }
  });

  it("a dev slice that others fill in part stays short rather than take who writes most", () => {
    const of = (user: string, n: number) =>
      Array.from({ length: n }, (_, i) => ({ id: `${user}${i}` as QueryId, user: user as UserId }));
    for (const all of [
      [...of("a", 100), ...of("b", 6), ...of("c", 6), ...of("d", 4)],
      [...of("a", 80), ...of("b", 5)],
    ])
      for (const seed of [1, 2, 3, 4]) {
        const split = splitTrain(all, sizes({ chains: 300, rl: 30, prmu: 20, dev: 32 }), seed, "t");
        expect([...split.dev].filter((id) => id.startsWith("a"))).toEqual([]);
        expect(split.dev.size).toBe(all.length - of("a", all.length > 100 ? 100 : 80).length);
      }
  });

  it("says when there is too little", () => {
    expect(() => splitTrain(candidates(2, 1), sizes({}), 0, "movies")).toThrow(/movies: 2 train queries are too few/);
  });
});

it("chains and RL share queries only where there are too few for both", () => {
  const ids = Array.from({ length: 100 }, (_, i) => `q${i}` as QueryId);
  const plenty = divide(ids, { chains: 30, rl: 40, prmu: 30, prmu_from: "own" });
  expect(common(plenty.chains, plenty.rl)).toEqual([]);
  const scarce = divide(ids, { chains: 80, rl: 80, prmu: 40, prmu_from: "own" });
  expect(scarce.prmu.size).toBe(33);
  expect(scarce.rl.size).toBe(67);
  expect(scarce.chains.size).toBe(67);
});

it("pairs may be of RL's very queries, and then none is set aside for them", () => {
  const ids = Array.from({ length: 100 }, (_, i) => `q${i}` as QueryId);
  const { prmu, rl, chains } = divide(ids, { chains: 40, rl: 60, prmu: 30, prmu_from: "rl" });
  expect([...prmu]).toEqual([...rl]);
  expect([rl.size, chains.size, common(chains, rl).length]).toEqual([60, 40, 0]);
});

it("RL and chains have the same queries, whomever the pairs are of, where there is enough for all", () => {
  const ids = Array.from({ length: 100 }, (_, i) => `q${i}` as QueryId);
  const [own, rl] = (["own", "rl"] as const).map((prmu_from) =>
    divide(ids, { chains: 30, rl: 40, prmu: 30, prmu_from }),
  );
  expect([rl?.rl, rl?.chains, rl?.prmu]).toEqual([own?.rl, own?.chains, own?.rl]);
});

it("a sample keeps the order", () => {
  const sample = sampleOf([1, 2, 3, 4, 5, 6, 7, 8], 4, 0, "x");
  expect(sample).toHaveLength(4);
  expect([...sample].sort()).toEqual(sample);
});
