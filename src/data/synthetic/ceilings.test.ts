import { describe, expect, it } from "vitest";
import { stream } from "../../core/random.ts";
import type { Example, ProfileItem } from "../types.ts";
import { bayesAnswer, type Ceilings, ceilings, evidenceOf, queryContent } from "./ceilings.ts";
import { bestDecision } from "./decision.ts";
import { examples, userExamples } from "./examples.ts";
import { outcomePosterior, typePosterior } from "./posterior.ts";
import { entry, isAlike, openOutcomes, type Shape } from "./shape.ts";
import { SHAPES } from "./shapes.ts";
import { makeWorld } from "./world.ts";
import type { WorldOptions } from "./world-types.ts";

const world = makeWorld(11);
const N = 500;

interface Case {
  readonly example: Example;
  readonly shown: readonly ProfileItem[];
}

/** Unigram F over lower-case words, in Chinese over characters: ROUGE-1. */
function rouge1(language: Shape["language"], answer: string, gold: string): number {
  const words = (text: string) =>
    language === "zh" ? [...text].filter((c) => c.trim() !== "") : (text.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  const rest: string[] = [...words(gold)];
  const [a, g] = [words(answer).length, rest.length];
  let hits = 0;
  for (const word of words(answer)) {
    const at = rest.indexOf(word);
    if (at < 0) continue;
    rest.splice(at, 1);
    hits++;
  }
  return (2 * hits) / (a + g);
}

/** A score where more is better, whatever the metric. */
function score(shape: Shape, answer: string, gold: string): number {
  if (shape.metric === "accuracy") return answer === gold ? 1 : 0;
  return shape.metric === "mae" ? -Math.abs(Number(answer) - Number(gold)) : rouge1(shape.language, answer, gold);
}

function summary(scores: readonly number[]) {
  const mean = scores.reduce((sum, x) => sum + x, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, x) => sum + (x - mean) ** 2, 0) / scores.length);
  return { mean, error: deviation / Math.sqrt(scores.length) };
}

function measure(shape: Shape, cases: readonly Case[], method: (one: Case) => string) {
  return summary(cases.map((one) => score(shape, method(one), one.example.gold ?? "")));
}

const signed = (shape: Shape, value: number): number => (shape.metric === "mae" ? -value : value);

function copyLatest(shape: Shape, { example, shown }: Case): string {
  const content = queryContent(shape, example);
  const evidence = evidenceOf(shape, example, shown);
  const open = openOutcomes(shape, content);
  const same = evidence.findLast((seen) => open.includes(seen.outcome) && isAlike(shape, seen.content, content));
  return shape.answer(content, same?.outcome ?? entry(open, 0), "");
}

function majority(shape: Shape, { example, shown }: Case): string {
  const counts = Array.from({ length: shape.outcomes }, () => 0);
  for (const { outcome } of evidenceOf(shape, example, shown)) counts[outcome] = entry(counts, outcome) + 1;
  const content = queryContent(shape, example);
  const open = openOutcomes(shape, content);
  const most = open.toSorted((a, b) => entry(counts, b) - entry(counts, a));
  return shape.answer(content, entry(most, 0), "");
}

describe.each(Object.values(SHAPES))("the ceilings of $task", (shape) => {
  const cases: Case[] = [...examples(world, shape, { split: "test", users: N, minItems: 8 })].map((example) => ({
    example,
    shown: example.profile.slice(-8),
  }));
  const bounds: Ceilings = ceilings(world, shape, cases);

  it("rise from the query to the shown items to the oracle", () => {
    expect(signed(shape, bounds.shown_items)).toBeGreaterThan(signed(shape, bounds.query_only));
    expect(signed(shape, bounds.oracle)).toBeGreaterThan(signed(shape, bounds.shown_items));
  });

  it("are what the enumerated predictors measure, within four standard errors", () => {
    const bayes = measure(shape, cases, ({ example, shown }) => bayesAnswer(world, shape, example, shown).answer);
    expect(Math.abs(bayes.mean - signed(shape, bounds.shown_items))).toBeLessThan(4 * bayes.error);
    const alone = measure(shape, cases, ({ example }) => bayesAnswer(world, shape, example, []).answer);
    expect(Math.abs(alone.mean - signed(shape, bounds.query_only))).toBeLessThan(4 * alone.error);
  });

  it("are beaten by no simpler method", () => {
    // Paired with the predictor that reaches the ceiling: a sample's golds are lucky or unlucky for both alike.
    for (const method of [copyLatest, majority]) {
      const gain = summary(
        cases.map((one) => {
          const gold = one.example.gold ?? "";
          const best = bayesAnswer(world, shape, one.example, one.shown).answer;
          return score(shape, method(shape, one), gold) - score(shape, best, gold);
        }),
      );
      expect(gain.mean).toBeLessThan(2 * gain.error);
    }
  });

  it("leave no more than the query's own when the profile is another user's", () => {
    const swapped = cases.map(({ example }, i) => ({ example, shown: entry(cases, (i + 1) % N).shown }));
    for (const method of [
      (one: Case) => bayesAnswer(world, shape, one.example, one.shown).answer,
      (one: Case) => copyLatest(shape, one),
    ]) {
      const other = measure(shape, swapped, method);
      expect(other.mean).toBeLessThan(signed(shape, bounds.query_only) + 2 * other.error);
    }
  });
});

describe("the posterior", () => {
  it("is Monte Carlo's, by counting users who show the same evidence", () => {
    // A tiny world (few items), one piece of evidence and a query of the same concept: P(same outcome again).
    const small = makeWorld(12, { minItems: 1, maxItems: 1 });
    let [same, seen, expected] = [0, 0, 0];
    for (const example of examples(small, SHAPES.tag, { split: "mc", users: 8_000 })) {
      const query = queryContent(SHAPES.tag, example);
      const evidence = evidenceOf(SHAPES.tag, example, example.profile);
      const only = entry(evidence, 0);
      if (String(only.content) !== String(query)) continue;
      seen++;
      expected += entry(outcomePosterior(small, SHAPES.tag, evidence, query), only.outcome);
      if (SHAPES.tag.readAnswer(example.gold ?? "") === only.outcome) same++;
    }
    const share = same / seen;
    expect(Math.abs(share - expected / seen)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / seen));
  });

  it("sums to one, and without evidence finds all types equally likely", () => {
    const random = stream("posterior");
    for (const shape of Object.values(SHAPES)) {
      const query = shape.drawContent(random);
      const sum = outcomePosterior(world, shape, [], query).reduce((total, p) => total + p, 0);
      expect(sum).toBeCloseTo(1, 12);
      for (const p of typePosterior(world, shape, [])) expect(p).toBeCloseTo(1 / 6, 12);
    }
  });
});

describe("what the ROUGE ceiling counts on", () => {
  const bagged = Object.values(SHAPES).flatMap((shape) =>
    shape.bag ? [{ name: shape.name, shape, bag: shape.bag }] : [],
  );

  it.each(bagged)("no two templates of $name share a token, nor one with a thing spoken of", ({ shape, bag }) => {
    const random = stream("things");
    const things = new Set(Array.from({ length: 500 }, () => bag.things(shape.drawContent(random))).flat());
    for (const [i, words] of bag.markers.entries()) {
      expect(words.length).toBeGreaterThan(0);
      for (const word of words) expect(things.has(word), word).toBe(false);
      for (const other of bag.markers.slice(i + 1)) for (const word of words) expect(other, word).not.toContain(word);
    }
  });

  it.each(bagged)("the answer's bag of $name is as good as any other that could be said", ({ shape, bag }) => {
    // Every way of taking some tokens of each template, for a few small distributions.
    const random = stream("bags", shape.name);
    for (let round = 0; round < 3; round++) {
      const content = shape.drawContent(random);
      const two = random.shuffle(bag.markers.map((_, o) => o)).slice(0, 2);
      const share = 0.3 + 0.4 * random.next();
      const outcomes = bag.markers.map((_, o) => (o === two[0] ? share : o === two[1] ? 1 - share : 0));
      const things = bag.things(content).length;
      const sizes = two.map((o) => entry(bag.markers, o).length);
      let most = 0;
      for (let k = 0; k <= (sizes[0] ?? 0); k++)
        for (let l = 0; l <= (sizes[1] ?? 0); l++) {
          const f = (own: number, said: number) => (2 * (things + said)) / (things + k + l + things + own);
          most = Math.max(most, share * f(sizes[0] ?? 0, k) + (1 - share) * f(sizes[1] ?? 0, l));
        }
      expect(bestDecision(shape, content, outcomes).expected).toBeCloseTo(most, 12);
    }
  });
});

describe("distractors and drift", () => {
  const shown = (example: Example) => example.profile.slice(-8);
  const boundsOf = (shape: Shape, options: Partial<WorldOptions>) => {
    const other = makeWorld(11, options);
    const drawn = [...examples(other, shape, { split: "test", users: 300, minItems: 8 })];
    return {
      drawn,
      ...ceilings(
        other,
        shape,
        drawn.map((example) => ({ example, shown: shown(example) })),
      ),
    };
  };

  it.each(Object.values(SHAPES))("of $task take from what the shown items allow, and not from the rest", (shape) => {
    const [plain, crowded, drifting] = [{}, { distractors: 0.5 }, { drift: 0.2 }].map((options) =>
      boundsOf(shape, options),
    );
    expect(signed(shape, crowded?.shown_items ?? 1)).toBeLessThan(signed(shape, plain?.shown_items ?? 0));
    expect(signed(shape, drifting?.shown_items ?? 1)).toBeLessThan(signed(shape, plain?.shown_items ?? 0));
    expect(crowded?.query_only).toBeCloseTo(plain?.query_only ?? 0, 12);
    const aside = crowded?.drawn.flatMap((example) => evidenceOf(shape, example, shown(example))).length ?? 0;
    expect(aside / (300 * 8)).toBeGreaterThan(0.4);
    expect(aside / (300 * 8)).toBeLessThan(0.6);
  });
});

it("holds for seen users asked some items later, and for users with one or two items", () => {
  const shape = SHAPES.tag;
  const short = { ...world, minItems: 1, maxItems: 2 };
  const later = Array.from({ length: N }, (_, index) =>
    userExamples(world, shape, { split: "train", index }, 1, 4),
  ).flat();
  for (const [of, own] of [
    [world, later],
    [short, [...examples(short, shape, { split: "cold", users: N })]],
  ] as const) {
    const cases = own.map((example) => ({ example, shown: example.profile.slice(-8) }));
    const { query_only, shown_items, oracle } = ceilings(of, shape, cases);
    const bayes = measure(shape, cases, ({ example, shown }) => bayesAnswer(of, shape, example, shown).answer);
    expect(Math.abs(bayes.mean - shown_items)).toBeLessThan(3 * bayes.error);
    expect(query_only).toBeLessThan(shown_items);
    expect(shown_items).toBeLessThan(oracle);
  }
});
