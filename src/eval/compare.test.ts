import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import type { Pair } from "../metrics/pairs.ts";
import { type MetricName, score } from "../metrics/score.ts";
import { sumForm } from "../metrics/sums.ts";
import { compareScores } from "./compare.ts";

const ANSWERS = {
  LaMP_2: fc.constantFrom("comedy", "action", "Comedy.", "nothing"),
  LaMP_3: fc.constantFrom("1", "3", "5", "4.5", "five"),
  LaMP_4: fc.constantFrom("big news", "news today", "", "Big News: today"),
};
const GOLDS = { LaMP_2: ["comedy", "action"], LaMP_3: ["1", "4", "5"], LaMP_4: ["big news today", "news"] };
const NAMES = ["LaMP_2", "LaMP_3", "LaMP_4"] as const;

describe("compareScores", () => {
  it("counts from sums what `score` counts", () => {
    for (const name of NAMES) {
      const task = loadTask(name);
      const form = sumForm(task, "english");
      const pairs = fc.array(fc.record({ prediction: ANSWERS[name], gold: fc.constantFrom(...GOLDS[name]) }), {
        minLength: 1,
        maxLength: 9,
      });
      fc.assert(
        fc.property(pairs, (list) => {
          const total = list.map(form.sumsOf).reduce((a, b) => a.map((x, k) => x + (b[k] ?? 0)));
          const { official } = score(task, list);
          expect(form.metrics.map((m) => m.name).sort()).toEqual(Object.keys(official).sort());
          for (const { name: metric, of } of form.metrics) expect(of(total)).toBeCloseTo(official[metric] ?? -1, 12);
        }),
        { numRuns: 50 },
      );
    }
  });

  const task = loadTask("LaMP_2");
  const pairs = (answers: readonly string[]): Pair[] => answers.map((prediction) => ({ prediction, gold: "comedy" }));
  const settings = { task, convention: "english" as const, resamples: 400, seed: 0 };
  const half = pairs(Array.from({ length: 100 }, (_, i) => (i % 2 ? "comedy" : "action")));

  it("an interval holds the value and narrows to it where nothing varies", () => {
    const [interval] = compareScores({ ...settings, methods: [half] }).intervals;
    const [low, high] = [interval?.official.accuracy?.low ?? 0, interval?.official.accuracy?.high ?? 0];
    expect([low < 0.5, high > 0.5, high - low < 0.3]).toEqual([true, true, true]);
    const sure = compareScores({ ...settings, methods: [pairs(["comedy", "comedy"])] }).intervals[0];
    expect(sure?.official.accuracy).toEqual({ low: 1, high: 1 });
  });

  it("a method against itself differs by nothing, a better one by something, mirrored when swapped", () => {
    const better = half.map((pair, i) => (i % 4 === 0 ? { ...pair, prediction: "comedy" } : pair));
    const compare = (a: Pair[], b: Pair[]) => compareScores({ ...settings, methods: [a, b] }).differences?.official;
    expect(compare(half, half)?.accuracy).toEqual({ difference: 0, low: 0, high: 0, p: 1 });
    const won = compare(half, better)?.accuracy;
    expect(won?.difference).toBeCloseTo(0.25);
    expect([(won?.low ?? 0) > 0, (won?.p ?? 1) < 0.01]).toEqual([true, true]);
    expect(compare(better, half)?.accuracy?.low).toBeCloseTo(-(won?.high ?? 0));
  });

  it("queries of one user are drawn together", () => {
    const width = (clusters?: string[]): number => {
      const [made] = compareScores({ ...settings, methods: [half], ...(clusters ? { clusters } : {}) }).intervals;
      const one = made?.official["accuracy" satisfies MetricName];
      return (one?.high ?? 0) - (one?.low ?? 0);
    };
    // Five users of ten queries who are always right, five who are always wrong.
    const byUser = half.map((_, i) => `${i % 2}-${Math.floor(i / 20)}`);
    expect(width(byUser)).toBeGreaterThan(1.5 * width());
  });

  it("equal seeds give equal intervals", () => {
    const once = compareScores({ ...settings, methods: [half] });
    expect(compareScores({ ...settings, methods: [half] })).toEqual(once);
  });
});
