import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silent } from "../core/progress.ts";
import type { UserId } from "../data/types.ts";
import { makeDisk, makeFakeEngine } from "../engine/testing/fake-engine.ts";
import {
  base,
  chainFor,
  codec,
  makeExamples,
  promptOf,
  runKilled,
  runWhole,
  STEPS,
  tasks,
} from "../prompts/testing/tiny-world.ts";
import { chooseBalanced, lengthBalance, roundRobin } from "./balance.ts";
import { accuracyOf, bradleyTerry, centreOf } from "./held-out.ts";
import { buildPairs, rowOf, userKey, userRows } from "./pairs.ts";
import { type PairSource, type Sampled, samplePairSources } from "./sample.ts";
import { makeScorer } from "./score.ts";
import { type PrmuOptions, trainPrmu } from "./train.ts";

const config = {
  ...base.prmu,
  batch: 16,
  epochs: 6,
  learning_rate: 0.3,
  checkpoint_every: 4,
  mask_users: 0.3,
  held_out: 0.25,
};
const said = (answer: string, score: number, tokens = 7): Sampled => ({
  text: chainFor(answer),
  tokens,
  formatOk: true,
  score,
});

/** Users u0, u2, … are right with `comedy`, the others with `romance`; without the profile everyone says `dystopia`. */
const examples = makeExamples(120, (i) => (i % 2 === 0 ? "comedy" : "romance"), 12);
const sources: PairSource[] = examples.map((example) => ({
  example,
  withProfile: ["comedy", "romance"].map((answer) => said(answer, answer === example.gold ? 1 : 0)),
  withoutProfile: [said("dystopia", 0)],
}));

describe("pairs", () => {
  const { pairs, stats } = buildPairs(sources, config, 1);
  it("PRP prefers what was generated with the profile, PQP what scores higher", () => {
    for (const pair of pairs) {
      if (pair.kind === "PRP") expect(pair.rejected).toBe(chainFor("dystopia"));
      else expect([pair.preferredScore, pair.rejectedScore]).toEqual([1, 0]);
      expect(pair.preferred).not.toBe(pair.rejected);
    }
    expect(new Set(pairs.map((p) => p.id)).size).toBe(pairs.length);
    expect(stats.pairs.PQP.train + stats.pairs.PQP.held_out).toBe(120);
  });
  it("leaves out ties, near-ties and responses without format", () => {
    const [first] = sources as [PairSource];
    const near = { ...first, withProfile: [said("comedy", 0.5), said("romance", 0.45)], withoutProfile: [] };
    expect(buildPairs([near], config, 1).pairs).toEqual([]);
    const bad = { ...first, withProfile: first.withProfile.map((s) => ({ ...s, formatOk: false })) };
    expect(buildPairs([bad], config, 1).pairs).toEqual([]);
    const same = { ...first, withoutProfile: first.withProfile, withProfile: [said("comedy", 1)] };
    expect(buildPairs([same], config, 1).pairs.filter((p) => p.preferred === p.rejected)).toEqual([]);
  });
  it("takes users in turn when the cap binds", () => {
    const capped = buildPairs(sources, { ...config, prp_pairs: 0, pqp_pairs: 24, pairs_per_query: 1 }, 1).pairs;
    const byUser = new Map<string, number>();
    for (const p of capped) byUser.set(String(p.user), (byUser.get(String(p.user)) ?? 0) + 1);
    expect([...byUser.values()]).toEqual(Array(12).fill(2));
  });
  it("holds users out whole, and queries of others; only training users have a row", () => {
    const rows = userRows(pairs);
    expect(Object.values(rows).sort((a, b) => a - b)).toEqual(Object.keys(rows).map((_, i) => i + 1));
    const held = pairs.filter((p) => p.split === "held_out");
    const unseen = new Set(held.filter((p) => rowOf(rows, p.task, p.user) === 0).map((p) => p.user));
    expect(unseen.size).toBeGreaterThan(0);
    for (const p of pairs) if (unseen.has(p.user)) expect(p.split).toBe("held_out");
    expect(held.some((p) => !unseen.has(p.user))).toBe(true);
    const train = new Set(pairs.filter((p) => p.split === "train").map((p) => p.query));
    for (const p of held) expect(train.has(p.query)).toBe(false);
    expect(rowOf(rows, "LaMP_2", null)).toBe(0);
    expect(userKey("LaMP_2", "u1" as UserId)).not.toBe(userKey("LaMP_3", "u1" as UserId));
  });
  it("is the same for the same seed, another for another", () => {
    expect(buildPairs(sources, config, 1).pairs).toEqual(pairs);
    expect(buildPairs(sources, config, 2).pairs).not.toEqual(pairs);
  });
});

describe("balance", () => {
  it("takes lists in turn", () => {
    expect(roundRobin([[1, 2, 3], [4], [5, 6]])).toEqual([1, 4, 5, 2, 6, 3]);
  });
  it("makes length no clue where the candidates allow it", () => {
    const gaps = fc.array(
      fc
        .array(
          fc.integer({ min: 1, max: 9 }).chain((g) => fc.constantFrom([g, -g])),
          { minLength: 1, maxLength: 3 },
        )
        .map((x) => x.flat()),
      { minLength: 20, maxLength: 60 },
    );
    fc.assert(
      fc.property(gaps, (lists) => {
        const chosen = chooseBalanced(lists, 1000, 1, (g) => g);
        expect(chosen).toHaveLength(lists.length);
        expect(lengthBalance(chosen).ruleAccuracy).toBeLessThanOrEqual(0.55);
      }),
    );
  });
  it("drops telling pairs, but never more than half", () => {
    const lists = Array.from({ length: 40 }, (_, i) => [i < 10 ? -1 : i]);
    const chosen = chooseBalanced(lists, 1000, 1, (g) => g);
    expect(chosen).toHaveLength(22);
    expect(lengthBalance(chosen).ruleAccuracy).toBeCloseTo(12 / 22, 12);
    const hopeless = chooseBalanced(
      Array.from({ length: 40 }, () => [5]),
      1000,
      1,
      (g) => g,
    );
    expect(hopeless).toHaveLength(20);
    expect(lengthBalance(hopeless).ruleAccuracy).toBe(1);
  });
});

describe("numbers", () => {
  it("the loss at margin 0 is ln 2, and never overflows", () => {
    expect(bradleyTerry(0)).toBeCloseTo(Math.LN2, 12);
    expect([bradleyTerry(1000), bradleyTerry(-1000)]).toEqual([0, 1000]);
  });
  it("centres at the mean logit over the margins' root mean square", () => {
    expect(
      centreOf([
        { preferred: 4, rejected: 1 },
        { preferred: 2, rejected: 6 },
      ]),
    ).toEqual({ mean: 3.25, spread: Math.sqrt(12.5) });
    expect(centreOf([])).toEqual({ mean: 0, spread: 1 });
  });
  it("counts ties half", () => {
    expect(accuracyOf([1, -1, 0, 2])).toEqual({ pairs: 4, accuracy: 0.625 });
  });
});

const train =
  (more: Partial<PrmuOptions> = {}) =>
  (engine: PrmuOptions["engine"], log: PrmuOptions["log"]) =>
    trainPrmu({
      engine,
      model: "backbone",
      codec,
      promptOf,
      examples,
      pairs: buildPairs(sources, config, 1).pairs,
      config,
      seed: 1,
      log,
      progress: silent,
      clock: () => 0,
      ...more,
    });

describe("training", () => {
  it("learns what all users share, and with rows what each user prefers", async () => {
    const { result } = await runWhole(train());
    expect(result?.heldOut.accuracy.PRP.unseen.accuracy).toBe(1);
    expect(result?.heldOut.accuracy.PQP.seen.accuracy).toBeGreaterThan(0.9);
    expect(result?.heldOut.seenMasked.PQP.accuracy).toBeLessThan(result?.heldOut.accuracy.PQP.seen.accuracy ?? 0);
    expect(result?.heldOut.loss).toBeLessThan(result?.before.loss ?? 0);
  });

  it("without user embeddings cannot tell users apart", async () => {
    const { result } = await runWhole(train({ config: { ...config, variant: "no_user_embeddings" } }));
    expect(result?.rows).toBe(null);
    const { seen, unseen } = result?.heldOut.accuracy.PQP ?? { seen: null, unseen: null };
    expect(seen?.pairs).toBe(0);
    expect(Math.abs((unseen?.accuracy ?? 0) - 0.5)).toBeLessThan(0.3);
  });

  it("has its other two variants, and goes without where there is no pair", async () => {
    const untrained = await runWhole(train({ config: { ...config, variant: "untrained" } }));
    expect(untrained.result).toMatchObject({ step: 0, rows: null });
    expect((await runWhole(train({ config: { ...config, variant: "none" } }))).result).toBe(null);
    expect((await runWhole(train({ pairs: [] }))).result).toBe(null);
  });

  it("ends with the same metrics however often it is killed", async () => {
    const whole = await runWhole(train());
    for (let seed = 0; seed < 3; seed++) {
      const killed = await runKilled(train(), seed);
      expect(killed.kills).toBeGreaterThan(0);
      expect(killed.metrics).toEqual(whole.metrics);
      expect(killed.result?.centre).toEqual(whole.result?.centre);
    }
  });

  it("scores in RL as it was trained: the same rows, unknown users at row 0", async () => {
    const disk = makeDisk();
    const { result } = await runWhole(train(), disk);
    if (result === null) throw new Error("not trained");
    const scorer = await makeScorer(makeFakeEngine({ vocab: codec.vocab, disk }), result, { codec, promptOf });
    const seen = examples.find((e) => rowOf(result.rows ?? {}, e.task, e.user) > 0 && e.gold === "romance");
    if (seen === undefined) throw new Error("no such user");
    const stranger = { ...seen, user: "nobody" as UserId };
    const [own, other, unknown, noUser] = await scorer.score([
      { example: seen, text: chainFor("romance") },
      { example: seen, text: chainFor("comedy") },
      { example: stranger, text: chainFor("romance") },
      { example: { ...seen, user: null }, text: chainFor("romance") },
    ]);
    expect(own).toBeGreaterThan(other ?? 0);
    expect(own).not.toBe(unknown);
    expect(unknown).toBe(noUser);
    await scorer.close();
  });
});

describe("sampling for pairs", () => {
  it("names seeds by query, so that a query's responses don't depend on the others", async () => {
    const sampler = await makeFakeEngine({ vocab: codec.vocab }).sampler("base");
    const ask = (some: typeof examples) =>
      samplePairSources({
        sampler,
        codec,
        examples: some,
        tasks,
        tags: STEPS,
        promptOf,
        promptWithout: promptOf,
        config,
        seed: 4,
        progress: silent,
      });
    const all = await ask(examples.slice(0, 10));
    expect((await ask(examples.slice(7, 8)))[0]).toEqual(all[7]);
    expect(all[0]?.withProfile).toHaveLength(config.rollouts);
    expect(all[0]?.withProfile).not.toEqual(all[0]?.withoutProfile);
  });
});
