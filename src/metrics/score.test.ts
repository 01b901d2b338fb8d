import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pythonFloat } from "../core/python.ts";
import { vectors } from "../core/testing/fixtures.ts";
import { loadTask } from "../data/task-file.ts";
import { classification as byPosition, labelIndex } from "./classification.ts";
import type { Pair } from "./pairs.ts";
import { readScore, regression } from "./regression.ts";
import { exampleScore, score } from "./score.ts";
import { sumForm } from "./sums.ts";

const classification = (labels: readonly string[], pairs: readonly Pair[]) =>
  byPosition(
    labels,
    pairs.map(({ prediction, gold }) => [labelIndex(labels, prediction), labelIndex(labels, gold)]),
  );
const near = (ours: number | undefined, theirs: number) =>
  expect(Math.abs((ours ?? Number.NaN) - theirs)).toBeLessThanOrEqual(1e-12);

describe("classification equals scikit-learn with LaMP's label mapping", () => {
  const { cases } = vectors<{
    cases: {
      name: string;
      labels: string[];
      golds: string[];
      preds: string[];
      pred_idx: number[];
      accuracy: number;
      f1_macro_all_labels: number;
    }[];
  }>("classification.json");

  it.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expect(one.preds.map((text) => labelIndex(one.labels, text))).toEqual(one.pred_idx);
    const ours = classification(
      one.labels,
      one.golds.map((gold, i) => ({ gold, prediction: one.preds[i] ?? "" })),
    );
    near(ours.accuracy, one.accuracy);
    near(ours.f1_macro, one.f1_macro_all_labels);
  });
});

describe("laws of accuracy and macro-F1", () => {
  const labels = ["a", "b", "c"];
  const pair = fc.record({
    gold: fc.constantFrom(...labels),
    prediction: fc.constantFrom(...labels, "A", " b ", "", "ab"),
  });
  const pairs = fc.array(pair, { minLength: 1, maxLength: 20 });

  it("are the mean of precision and recall's harmonic means, label by label", () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const f1 = labels.map((label) => {
          const said = list.filter(({ prediction }) => prediction.trim() === label);
          const true_ = list.filter(({ gold }) => gold === label);
          const hits = said.filter(({ gold }) => gold === label).length;
          const [p, r] = [hits / Math.max(said.length, 1), hits / Math.max(true_.length, 1)];
          return p + r === 0 ? 0 : (2 * p * r) / (p + r);
        });
        near(classification(labels, list).f1_macro, f1.reduce((sum, x) => sum + x, 0) / 3);
      }),
    );
  });

  it("lie in 0 to 1, don't hang on the order of examples or labels, and are 1 for the golds themselves", () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const ours = classification(labels, list);
        for (const value of Object.values(ours)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        const turned = classification([...labels].reverse(), [...list].reverse());
        near(turned.accuracy, ours.accuracy);
        near(turned.f1_macro, ours.f1_macro);
        const perfect = classification(
          labels,
          list.map(({ gold }) => ({ gold, prediction: gold })),
        );
        expect(perfect.accuracy).toBe(1);
        near(perfect.f1_macro, new Set(list.map(({ gold }) => gold)).size / 3);
      }),
    );
  });

  it("accuracy of two lists together is their mean, weighed by their lengths", () => {
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        const [x, y] = [a, b].map((list) => classification(labels, list).accuracy * list.length);
        near(classification(labels, [...a, ...b]).accuracy, ((x ?? 0) + (y ?? 0)) / (a.length + b.length));
      }),
    );
  });
});

describe("errors equal LaMP-3's", () => {
  type Value = number | "nan" | "inf";
  const { cases } = vectors<{
    cases: {
      name: string;
      golds: string[];
      preds: string[];
      pred_values: Value[];
      mae?: number;
      mse?: number;
      rmse?: number;
    }[];
  }>("regression.json");
  const number = (value: Value) => (value === "nan" ? Number.NaN : value === "inf" ? Infinity : value);

  it.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const golds = one.golds.map(Number);
    const values = one.preds.map((text, i) => readScore(text, golds[i] ?? Number.NaN, 1, 5));
    expect(values).toEqual(one.pred_values.map(number));
    const ours = regression(values, golds);
    if (one.mae === undefined) expect(ours.mae).toBeNaN();
    else for (const key of ["mae", "mse", "rmse"] as const) near(ours[key], one[key] ?? Number.NaN);
    if (one.mae !== undefined) {
      const pairs = one.golds.map((gold, i) => ({ gold, prediction: one.preds[i] ?? "" }));
      near(score(loadTask("LaMP_3"), pairs).official.rmse, one.rmse ?? Number.NaN);
    }
  });

  it("reads what Python's float reads and nothing else", () => {
    const yes: [string, number][] = [
      ["1_000", 1000],
      ["-.5e-1", -0.05],
      ["5.", 5],
      ["\u00a03\u001c", 3],
      ["١٢", 12],
      ["𝟝", 5],
      ["-Infinity", -Infinity],
    ];
    for (const [text, value] of yes) expect(pythonFloat(text)).toBe(value);
    for (const text of ["", "_1", "1_", "1__0", "0x5", "1e", "e1", ".", "+-1", "1 2", "五"])
      expect(pythonFloat(text)).toBeNull();
  });

  it("errors are 0 for the golds alone, and the same with both sides exchanged or mirrored", () => {
    const grade = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(grade, grade), { minLength: 1 }), (pairs) => {
        const [values, golds] = [pairs.map(([p]) => p), pairs.map(([, g]) => g)];
        const ours = regression(values, golds);
        expect(regression(golds, values)).toEqual(ours);
        const mirror = (list: number[]) => list.map((x) => 6 - x);
        expect(regression(mirror(values), mirror(golds))).toEqual(ours);
        expect(ours.mae === 0).toBe(values.join() === golds.join());
        expect(regression(golds, golds)).toEqual({ mae: 0, mse: 0, rmse: 0 });
      }),
    );
  });

  it("RMSE is never below MAE, nor below the root of MAE for whole-number predictions", () => {
    const grade = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(grade, grade), { minLength: 1 }), (pairs) => {
        const { mae, rmse } = regression(
          pairs.map(([p]) => p),
          pairs.map(([, g]) => g),
        );
        expect(rmse).toBeGreaterThanOrEqual(mae - 1e-12);
        expect(rmse).toBeGreaterThanOrEqual(Math.sqrt(mae) - 1e-12);
      }),
    );
  });
});

describe("score", () => {
  const movies = loadTask("LaMP_2");
  const stars = loadTask("LaMP_3");
  const headline = loadTask("LaMP_4");

  it("gives official and lenient numbers side by side, with the keys of the task's kind", () => {
    const pairs = [
      { prediction: "comedy", gold: "comedy" },
      { prediction: "Comedy.", gold: "comedy" },
      { prediction: "<think>x</think> action", gold: "action" },
    ];
    const got = score(movies, pairs);
    expect(got.n).toBe(3);
    expect(got.official.accuracy).toBeCloseTo(1 / 3);
    expect(got.lenient.accuracy).toBe(1);
    expect(Object.keys(got.official)).toEqual(["accuracy", "f1_macro"]);
    expect(Object.keys(score(stars, [{ prediction: "3", gold: "4" }]).official)).toEqual(["mae", "mse", "rmse"]);
    expect(Object.keys(score(headline, [{ prediction: "a", gold: "a" }]).lenient)).toEqual(["rouge1", "rougeL"]);
    expect(got.convention).toBeNull();
    expect(score({ ...headline, language: "zh" }, [{ prediction: "好吃", gold: "好" }])).toMatchObject({
      convention: "char",
    });
  });

  it("reads leniently from the whole response where there is one", () => {
    const got = score(movies, [{ prediction: "", gold: "action", response: "<think>comedy?</think>It is action" }]);
    expect([got.official.accuracy, got.lenient.accuracy]).toEqual([0, 1]);
  });

  it("counts the best of several references, ROUGE metric by metric", () => {
    const pair = { prediction: "b a c", gold: "a b c d", references: ["b x c", "z"] };
    // ROUGE-1: 6/7 of the first, 4/6 of the second; ROUGE-L: 4/7 and 4/6.
    const { official, references } = score(headline, [pair, { prediction: "a", gold: "a" }]);
    near(official.rouge1, (6 / 7 + 1) / 2);
    near(official.rougeL, (4 / 6 + 1) / 2);
    expect(references).toEqual({ queries: 1, most: 3 });
    const label = { prediction: "action", gold: "comedy", references: ["action"] };
    expect(score(movies, [label]).official.accuracy).toBe(1);
    expect(score(movies, [{ ...label, prediction: "classic" }]).official.accuracy).toBe(0);
    expect(score(stars, [{ prediction: "4.5", gold: "1", references: ["5", "3"] }]).official.mae).toBe(0.5);
    const form = sumForm(headline, "english");
    expect(form.metrics.map(({ of }) => of(form.sumsOf(pair)))).toEqual([6 / 7, 4 / 6]);
  });

  it("labels are equal in any script, however their characters are composed", () => {
    const task = { ...movies, labels: ["코미디", "été", "हिन्दी", "ภาษาไทย", "נִקּוּד"] };
    for (const gold of task.labels)
      for (const prediction of [gold.normalize("NFD"), ` ${gold.normalize("NFC")}\n`])
        expect(score(task, [{ prediction, gold }]).official.accuracy).toBe(1);
    expect(labelIndex(["[1]"], "［1］")).toBe(-1);
  });

  it("survives nan and inf, on which the official code raises: they are unreadable", () => {
    expect(score(stars, [{ prediction: "nan", gold: "4" }]).official.mae).toBe(3);
    expect(score(stars, [{ prediction: "inf", gold: "2" }]).official.mae).toBe(3);
  });

  it("refuses an empty list and a gold that is no grade", () => {
    expect(() => score(movies, [])).toThrow(/no predictions of LaMP_2/);
    expect(() => score(stars, [{ prediction: "1", gold: "good" }])).toThrow(/the gold "good" of LaMP_3 is no number/);
  });

  it("is the mean of the examples' scores, errors negated", () => {
    const label = fc.constantFrom("comedy", "action", "Comedy", "");
    const grade = fc.constantFrom("1", "2", "5", "4.5", "x");
    const text = fc.array(fc.constantFrom("big", "news", "today"), { maxLength: 4 }).map((w) => w.join(" "));
    const mean = (task: typeof movies, pairs: { prediction: string; gold: string }[]) =>
      pairs.reduce((sum, p) => sum + exampleScore(task, p.prediction, p.gold), 0) / pairs.length;
    const pairs = (prediction: fc.Arbitrary<string>, gold: fc.Arbitrary<string>) =>
      fc.array(fc.record({ prediction, gold }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pairs(label, label), pairs(grade, fc.constantFrom("1", "3", "5")), pairs(text, text), (a, b, c) => {
        near(score(movies, a).official.accuracy, mean(movies, a));
        near(score(stars, b).official.mae, -mean(stars, b));
        near(score(headline, c).official.rougeL, mean(headline, c));
      }),
    );
  });
});
