import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silent } from "../core/progress.ts";
import { stream } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { QueryId, UserId } from "../data/types.ts";
import { makeDisk, makeFakeEngine } from "../engine/testing/fake-engine.ts";
import {
  base,
  chainFor,
  codec,
  makeExamples,
  promptOf,
  runKilled,
  runWhole,
  tasks,
} from "../prompts/testing/tiny-world.ts";
import { statements } from "../rewards/grounding.ts";
import { centreOfGroups, scorable } from "./centre.ts";
import { stratumOf, trainingWeights } from "./clues.ts";
import { invent, plantFaults } from "./faults.ts";
import { accuracyOf, bradleyTerry, centreOf } from "./held-out.ts";
import { buildPairs, rowOf, userKey, userRows } from "./pairs.ts";
import type { PairSource, Sampled } from "./sample.ts";
import { crossScorer, makeScorer } from "./score.ts";
import { halves, splitter } from "./split.ts";
import { type PrmuOptions, trainPrmu } from "./train.ts";
import { makeBorrow } from "./warm-start.ts";

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
  chainOk: true,
  mentions: 1,
  score,
  truncated: false,
});

/** Users u0, u2, … are right with `comedy`, the others with `romance`; without the profile everyone says `dystopia`. */
const examples = makeExamples(120, (i) => (i % 2 === 0 ? "comedy" : "romance"), 12);
const sources: PairSource[] = examples.map((example) => ({
  example,
  withProfile: ["comedy", "romance"].map((answer) => said(answer, answer === example.gold ? 1 : 0)),
  withoutProfile: [said("dystopia", 0)],
  otherProfile: [said("hm", 0)],
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
  it("PRP leaves out what says nothing of the profile it was given, and chains that only one side has clean", () => {
    const [first] = sources as [PairSource];
    const prp = (more: Partial<Sampled>): unknown[] =>
      buildPairs([{ ...first, withProfile: [{ ...said("comedy", 1), ...more }] }], config, 1).pairs;
    expect(prp({})).toHaveLength(1);
    expect(prp({ mentions: 0 })).toEqual([]);
    expect(prp({ chainOk: false })).toEqual([]);
  });
  it("without filters are whatever the paper's text says: with against without, higher against lower", () => {
    const [first] = sources as [PairSource];
    const odd = [
      { ...said("comedy", 1), mentions: 0 },
      { ...said("romance", 0), chainOk: false, formatOk: false },
    ];
    const bare = { ...config, filter_pairs: false, min_gap: 0 };
    const found = buildPairs([{ ...first, withProfile: odd }], bare, 1).pairs.map(({ kind }) => kind);
    expect(found.toSorted()).toEqual(["PQP", "PRP", "PRP"]);
  });
  it("general ones are of responses without the profile, beside those that every variant is judged on", () => {
    const some = sources.map((source) => ({ ...source, withoutProfile: [said("dystopia", 0), said("action", 1)] }));
    const { pairs: general } = buildPairs(some, { ...config, variant: "general" }, 1);
    const own = general.filter(({ kind }) => kind === "general");
    expect(own.length).toBeGreaterThan(50);
    for (const pair of own) {
      expect([pair.preferred, pair.rejected]).toEqual([chainFor("action"), chainFor("dystopia")]);
      expect(pair.split).toBe("train");
    }
    expect(general.filter(({ kind }) => kind !== "general")).toEqual(buildPairs(some, config, 1).pairs);
  });
  it("PRP can be against another user's profile", () => {
    const { pairs: swapped } = buildPairs(sources, { ...config, prp_against: "other_profile" }, 1);
    const rejected = swapped.filter(({ kind }) => kind === "PRP").map((pair) => pair.rejected);
    expect(new Set(rejected)).toEqual(new Set([chainFor("hm")]));
  });
  it("takes users in turn when the cap binds", () => {
    const capped = buildPairs(sources, { ...config, prp_pairs: 0, pqp_pairs: 24, pairs_per_query: 1 }, 1).pairs;
    const byUser = new Map<string, number>();
    for (const p of capped) byUser.set(String(p.user), (byUser.get(String(p.user)) ?? 0) + 1);
    // Training and held-out queries each have their share of the cap, so that a user may lose one to the other split.
    expect(capped.length).toBe(24);
    for (const count of byUser.values()) expect(Math.abs(count - 2)).toBeLessThanOrEqual(1);
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

describe("training weights", () => {
  const gaps = fc.array(fc.record({ gap: fc.integer({ min: -40, max: 40 }), label: fc.constantFrom("a", "b") }), {
    minLength: 1,
    maxLength: 60,
  });
  it("make the clue worth nothing in each stratum of a label where both sides are, and never weigh a pair above 1", () => {
    fc.assert(
      fc.property(gaps, (all) => {
        const weights = trainingWeights(all);
        for (const weight of weights) expect(weight >= 0.1 && weight <= 1).toBe(true);
        const key = (i: number): string => `${stratumOf(all[i]?.gap ?? 0)} ${all[i]?.label}`;
        for (const stratum of new Set([...all.keys()].map(key))) {
          const of = (sign: number): number[] =>
            weights.filter((_, i) => key(i) === stratum && Math.sign(all[i]?.gap ?? 0) === sign);
          const [more, less] = [of(1), of(-1)];
          const ratio = Math.max(more.length, less.length) / Math.max(1, Math.min(more.length, less.length));
          if (more.length === 0 || less.length === 0 || ratio > 10) continue;
          const sum = (w: readonly number[]): number => w.reduce((x, y) => x + y, 0);
          expect(sum(more)).toBeCloseTo(sum(less), 9);
        }
      }),
    );
  });
  it("keep a tenth where one side is nearly always the longer one", () => {
    const weights = trainingWeights(Array.from({ length: 40 }, () => ({ gap: 5, label: "a" })));
    expect(new Set(weights)).toEqual(new Set([0.1]));
  });
});

describe("the centre", () => {
  it("is the mean of all responses, over what two responses to one query differ by", () => {
    // Differences 2; 1, 3, 4: the root of (4 + 1 + 9 + 16)/4.
    expect(
      centreOfGroups([
        [1, 3],
        [0, 1, -3],
      ]),
    ).toEqual({ mean: 2 / 5, spread: Math.sqrt(30 / 4) });
    expect(centreOfGroups([[1], [3]])).toBe(null);
    expect(centreOfGroups([[2, 2]])).toBe(null);
  });
  it("is taken of held-out responses with the profile whose form is in order, else of those trained on", () => {
    const mixed = sources.map((source) => ({
      ...source,
      withProfile: [...source.withProfile, { ...said("hm", 0), formatOk: false }],
    }));
    const held = scorable(mixed, config.held_out, 1);
    const splitOf = splitter(examples, config.held_out, 1);
    const queries = examples.filter((example) => splitOf(example) === "held_out").map(({ id }) => id);
    expect(held.map(({ query }) => query)).toEqual(queries);
    expect(held[0]?.texts).toEqual([chainFor("comedy"), chainFor("romance")]);
    expect(scorable(mixed, 0, 1)).toHaveLength(sources.length);
  });
});

describe("halves", () => {
  it("share out each user's queries, and are the same for the same seed", () => {
    const half = halves(examples, 1);
    for (const user of new Set(examples.map((example) => example.user))) {
      const own = examples.filter((example) => example.user === user).map(({ task, id }) => half[`${task}/${id}`] ?? 9);
      expect(own.filter((h) => h === 0)).toHaveLength(own.length / 2);
    }
    expect(halves(examples, 1)).toEqual(half);
    expect(halves(examples, 2)).not.toEqual(half);
    const alone = halves(
      makeExamples(200, () => "comedy", 200),
      1,
    );
    const ones = Object.values(alone).reduce((sum: number, h) => sum + h, 0);
    expect(Math.abs(ones - 100)).toBeLessThan(35);
  });
  it("are scored each by the model of the other, on one scale", async () => {
    const half = halves(examples, 1);
    const model = (name: number, centre: { mean: number; spread: number }) => ({
      centre,
      score: async (items: readonly unknown[]) => items.map(() => name),
      close: async () => undefined,
    });
    const pair = [model(10, { mean: 4, spread: 2 }), model(20, { mean: 30, spread: 5 })] as const;
    const asked = [...examples, { ...(examples[0] as (typeof examples)[0]), id: "dev" as QueryId }].map((example) => ({
      example,
      text: "",
    }));
    const scores = await crossScorer(pair, half, false).score(asked);
    for (const [i, { example }] of asked.entries())
      expect(scores[i]).toBe(half[`${example.task}/${example.id}`] === 0 ? -2 : 3);
    expect(new Set(await crossScorer(pair, half, true).score(asked))).toEqual(new Set([10, 20]));
  });
});

describe("held-out queries", () => {
  it("leave a user who wrote a third of everything to train on", () => {
    const [first] = examples as [(typeof examples)[number]];
    const mine = Array.from({ length: 60 }, (_, i) => {
      return { ...first, id: `q${i}` as QueryId, user: (i < 20 ? "heavy" : `u${i}`) as UserId };
    });
    for (let seed = 0; seed < 100; seed++) {
      const split = splitter(mine, 0.1, seed);
      const held = mine.filter(({ user }, i) => user === "heavy" && split(mine[i] ?? first) === "held_out");
      expect(held.length).toBeLessThan(10);
    }
  });

  it("leave a single user to train on, whatever the draw", () => {
    const mine = examples.map((example) => ({ ...example, user: "u1" as UserId }));
    for (let seed = 0; seed < 200; seed++) {
      const split = splitter(mine, 0.5, seed);
      const held = mine.filter((example) => split(example) === "held_out").length;
      expect(held).toBeLessThan(mine.length / 2);
    }
  });
});

describe("planted faults", () => {
  const task = tasks[0] as (typeof tasks)[number];
  const shown = [
    { id: "i1", fields: { tag: "comedy", description: "two clerks stage a heist" } },
    { id: "i2", fields: { tag: "dystopia", description: "a wall divides the city" } },
  ];
  const example = { ...(examples[0] as (typeof examples)[number]), shown };
  const text = `<think><a>[1] heist comedy\n[2] wall dystopia</a><b>It says “a wall divides the city”.</b></think>comedy`;
  it("make true statements false, and touch nothing else", () => {
    for (let seed = 0; seed < 20; seed++) {
      const made = invent(text, task, example, stream(seed)) ?? "";
      const faults = statements(made, task, example).filter(({ fault }) => fault !== null);
      expect(faults.length).toBeGreaterThan(0);
      expect(made.endsWith("</think>comedy")).toBe(true);
    }
    expect(invent("<think><a>so it is</a></think>comedy", task, example, stream(1))).toBe(null);
  });
  it("also in labels that end in a label, and in quotations without spaces", () => {
    const movies = { ...task, labels: ["comedy", "dark comedy", "dystopia"] };
    const dark = {
      ...example,
      shown: [
        { id: "i1", fields: { tag: "comedy" } },
        { id: "i2", fields: { tag: "dark comedy" } },
      ],
    };
    for (let seed = 0; seed < 20; seed++) {
      const made = invent("<think>[2] a wake: dark comedy</think>x", movies, dark, stream(seed));
      expect(made).toMatch(/^<think>\[2\] a wake: (comedy|dystopia)<\/think>x$/);
    }
    const zh = { ...example, shown: [{ id: "i1", fields: { tag: "comedy", title: "很好吃的面馆，老板是本地人" } }] };
    const made = invent("<think>他写过“很好吃的面馆，老板是本地人”</think>x", movies, zh, stream(1)) ?? "";
    expect(statements(made, movies, zh).map(({ fault }) => fault)).toEqual(["stands in no shown item"]);
  });
  it("are planted in held-out queries alone", () => {
    const stated = sources.map((source) => ({
      ...source,
      example: { ...source.example, shown },
      withProfile: [{ ...said("comedy", 1), text }],
    }));
    const faults = plantFaults(stated, tasks, config, 1);
    const train = new Set(buildPairs(sources, config, 1).pairs.flatMap((p) => (p.split === "train" ? [p.query] : [])));
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(["invented", "other_profile"]));
    for (const fault of faults) expect(train.has(fault.query)).toBe(false);
    expect(plantFaults(stated, tasks, config, 1)).toEqual(faults);
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
    const judged = [1, -1, 0, 2].map((margin, i) => ({
      pair: { task: "t", user: `u${i}` as UserId, query: "q" as QueryId },
      margin,
    }));
    expect(accuracyOf(judged)).toMatchObject({ pairs: 4, accuracy: 0.625 });
    expect(accuracyOf([])).toEqual({ pairs: 0, accuracy: null, low: null, high: null });
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
      promptWithout: promptOf,
      examples,
      responses: scorable(sources, config.held_out, 1),
      pairs: buildPairs(sources, more.config ?? config, 1).pairs,
      faults: plantFaults(sources, tasks, config, 1),
      tasks,
      config,
      seed: 1,
      log,
      progress: silent,
      clock: () => 0,
      ...more,
    });

/** Held-out PQP pairs whose gold is this one. */
const pairsWanting = (gold: string): number =>
  buildPairs(sources, config, 1).pairs.filter(
    ({ kind, split, preferred }) => kind === "PQP" && split === "held_out" && preferred === chainFor(gold),
  ).length;

describe("training", () => {
  it("learns what all users share, and with rows what each user prefers", async () => {
    const { result } = await runWhole(train());
    expect(result?.heldOut.accuracy.PRP.unseen.accuracy).toBe(1);
    expect(result?.heldOut.accuracy.PQP.seen.accuracy).toBeGreaterThan(0.9);
    expect(result?.heldOut.seenMasked.PQP.accuracy).toBeLessThan(result?.heldOut.accuracy.PQP.seen.accuracy ?? 0);
    expect(result?.heldOut.loss).toBeLessThan(result?.before.loss ?? 0);
  });

  it("tells how users never seen fare with a borrowed row, where that is on", async () => {
    const off = await runWhole(train());
    expect(off.result?.heldOut.unseenBorrowed.PQP.pairs).toBe(0);
    const { result } = await runWhole(train({ config: { ...config, warm_start: 4 } }));
    const { unseenBorrowed, accuracy } = result?.heldOut ?? {};
    expect(unseenBorrowed?.PQP.pairs).toBe(accuracy?.PQP.unseen.pairs);
    expect(result?.heldOut.accuracy).toEqual(off.result?.heldOut.accuracy);
  });

  it("without user embeddings cannot tell users apart", async () => {
    const { result } = await runWhole(train({ config: { ...config, variant: "no_user_embeddings" } }));
    expect(result?.rows).toBe(null);
    const withRows = (await runWhole(train())).result?.heldOut.accuracy.PQP;
    const { seen, unseen } = result?.heldOut.accuracy.PQP ?? { seen: null, unseen: null };
    expect([seen?.pairs, unseen?.pairs]).toEqual([withRows?.seen.pairs, withRows?.unseen.pairs]);
    expect(result?.heldOut.seenMasked.PQP.pairs).toBe(0);
    // Where the rows tell users apart nearly always, it can only guess.
    expect(seen?.accuracy).toBeLessThan(withRows?.seen.accuracy ?? 0);
    const all = [seen, unseen].flatMap((one) => (one?.accuracy == null ? [] : [one]));
    const right = all.reduce((sum, { pairs, accuracy }) => sum + pairs * (accuracy ?? 0), 0);
    expect(Math.abs(right / all.reduce((sum, { pairs }) => sum + pairs, 0) - 0.5)).toBeLessThan(0.3);
  });

  it("learns from the kinds that it is given, and is judged on both", async () => {
    const one = await runWhole(train({ config: { ...config, kinds: ["PRP"] } }));
    const both = await runWhole(train());
    expect(one.result?.heldOut.accuracy.PRP.unseen.accuracy).toBe(1);
    expect(one.result?.heldOut.accuracy.PQP.seen.accuracy).toBeLessThan(
      both.result?.heldOut.accuracy.PQP.seen.accuracy ?? 0,
    );
    expect(one.result?.heldOut.accuracy.PQP.seen.pairs).toBeGreaterThan(0);
    const epochs = (run: { metrics: readonly unknown[] }) =>
      run.metrics.filter((row) => (row as { kind: string }).kind === "train").length;
    expect(epochs(one)).toBeLessThan(epochs(both));
  });

  it("general learns from pairs without profiles, under the prompt without one, with no rows", async () => {
    const general = { ...config, variant: "general" } as const;
    const some = sources.map((source) => ({ ...source, withoutProfile: [said("dystopia", 0), said("romance", 1)] }));
    const prompts: string[] = [];
    const more = {
      config: general,
      pairs: buildPairs(some, general, 1).pairs,
      promptWithout: () => {
        prompts.push("without");
        return promptOf();
      },
    };
    const { result } = await runWhole(train(more));
    expect(result?.rows).toBe(null);
    expect(prompts.length).toBeGreaterThan(100);
    // Everybody learns to like `romance`: right for half of the users.
    const { seen, unseen } = result?.heldOut.accuracy.PQP ?? {};
    const right = (seen?.pairs ?? 0) * (seen?.accuracy ?? 0) + (unseen?.pairs ?? 0) * (unseen?.accuracy ?? 0);
    const wanted = pairsWanting("romance");
    expect(right).toBeCloseTo(wanted, 9);
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
    const row = rowOf(result.rows ?? {}, seen.task, seen.user);
    const asking = { codec, promptOf, borrow: () => row };
    const warm = await makeScorer(makeFakeEngine({ vocab: codec.vocab, disk }), result, asking);
    const [lent] = await warm.score([{ example: stranger, text: chainFor("romance") }]);
    expect(lent).toBe(own);
    await warm.close();
  });

  for (const centre_on of ["pairs", "responses"] as const)
    it(`centres the logits that RL will see, on ${centre_on}: who has no row borrows one in both`, async () => {
      const disk = makeDisk();
      // Items that say how each user chooses: without any nobody is like anybody, and none is lent.
      const choosing = examples.map((example) => ({
        ...example,
        shown: [{ id: example.id, fields: { description: "a quiet film", tag: example.gold ?? "" } }],
        historyItems: 1,
      }));
      const more = { examples: choosing, config: { ...config, warm_start: 4, centre_on } };
      const { result } = await runWhole(train(more), disk);
      if (result?.rows == null) throw new Error("not trained");
      const borrow = makeBorrow(choosing, result.rows, tasks, 4);
      const scorer = await makeScorer(makeFakeEngine({ vocab: codec.vocab, disk }), result, {
        codec,
        promptOf,
        borrow,
      });
      const heldOut = buildPairs(sources, config, 1).pairs.filter(({ split }) => split === "held_out");
      const exampleOf = new Map(choosing.map((example) => [example.id, example]));
      const score = (side: "preferred" | "rejected") =>
        scorer.score(
          heldOut.map((pair) => ({ example: exampleOf.get(pair.query) as (typeof choosing)[0], text: pair[side] })),
        );
      const [preferred, rejected] = [await score("preferred"), await score("rejected")];
      const groups = await Promise.all(
        scorable(sources, config.held_out, 1).map(({ query, texts }) =>
          scorer.score(
            texts.map((text) => ({ example: exampleOf.get(query as QueryId) as (typeof choosing)[0], text })),
          ),
        ),
      );
      const ofPairs = centreOf(
        zipStrict(preferred, rejected).map(([p, r]) => ({ preferred: p ?? NaN, rejected: r ?? NaN })),
      );
      const found = centre_on === "pairs" ? ofPairs : (centreOfGroups(groups) ?? ofPairs);
      expect(result.centre.mean).toBeCloseTo(found.mean, 9);
      expect(result.centre.spread).toBeCloseTo(found.spread, 9);
      const { result: cold } = await runWhole(train({ ...more, config: { ...config, centre_on } }));
      expect(Math.abs((cold?.centre.mean ?? 0) - result.centre.mean)).toBeGreaterThan(1e-6);
      await scorer.close();
    });
});
