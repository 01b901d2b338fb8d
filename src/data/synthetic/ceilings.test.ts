import { describe, expect, it } from "vitest";
import { stream } from "../../core/random.ts";
import type { Example, ProfileItem } from "../types.ts";
import { bayesAnswer, type Ceilings, ceilings, evidenceOf, queryContent } from "./ceilings.ts";
import { examples } from "./examples.ts";
import { outcomePosterior, typePosterior } from "./posterior.ts";
import { entry, type Shape } from "./shape.ts";
import { SHAPES } from "./shapes.ts";
import { makeWorld } from "./world.ts";

const world = makeWorld(11);
const N = 800;

interface Case {
  readonly example: Example;
  readonly shown: readonly ProfileItem[];
}

/** Unigram F over lower-case words: ROUGE-1. */
function rouge1(answer: string, gold: string): number {
  const words = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
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
  return shape.metric === "mae" ? -Math.abs(Number(answer) - Number(gold)) : rouge1(answer, gold);
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
  const same = evidence.findLast((seen) => shape.keys === 1 || String(seen.content) === String(content));
  return shape.answer(content, same?.outcome ?? 0, "");
}

function majority(shape: Shape, { example, shown }: Case): string {
  const counts = Array.from({ length: shape.outcomes }, () => 0);
  for (const { outcome } of evidenceOf(shape, example, shown)) counts[outcome] = entry(counts, outcome) + 1;
  return shape.answer(queryContent(shape, example), counts.indexOf(Math.max(...counts)), "");
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
