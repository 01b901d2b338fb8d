import { describe, expect, it } from "vitest";
import type { Task } from "../data/task.ts";
import type { QueryId, UserId } from "../data/types.ts";
import { exampleScore } from "../metrics/score.ts";
import { buildResult, type ResultRequest } from "./result.ts";
import { shareOfPossible } from "./result-rows.ts";
import type { Result } from "./result-types.ts";
import type { Prediction } from "./types.ts";

const base: Omit<Task, "name" | "kind" | "labels" | "metric"> = {
  title: "",
  language: "en",
  itemFields: [],
  corpus: "",
  query: { after: ":" },
  item: "",
  official: null,
  answer: "",
};
const tag: Task = { ...base, name: "tag", kind: "classification", labels: ["a", "b", "c"], metric: "accuracy" };
const stars: Task = { ...base, name: "stars", kind: "ordinal", labels: ["1", "2", "3", "4", "5"], metric: "mae" };

/** `answers[i]` to a query of gold `golds[i]`; null is unreadable under both readings. Two queries a user. */
function said(task: Task, answers: readonly (string | null)[], golds: readonly string[]): Prediction[] {
  return answers.map((answer, i) => ({
    task: task.name,
    query: `q${i}` as QueryId,
    user: `u${Math.floor(i / 2)}` as UserId,
    gold: golds[i] ?? "",
    response: answer ?? "",
    tokens: 10 + i,
    truncated: answer === null,
    strict: answer,
    lenient: answer ?? "",
    strictScore: exampleScore(task, answer ?? "", golds[i] ?? ""),
    lenientScore: exampleScore(task, answer ?? "", golds[i] ?? ""),
  }));
}

const request = (predictions: ResultRequest["predictions"], tasks: readonly Task[]): ResultRequest => ({
  predictions,
  tasks,
  reading: "lenient",
  bootstrap: 500,
  seed: 1,
  seconds: 12,
  synthetic: [],
  comparisons: COMPARISONS,
});

const COMPARISONS = [
  ["tagpr", "rag-r"],
  ["tagpr", "sft-r"],
  ["sft-r", "rag-r"],
  ["rag-r", "zero-shot"],
] as const;

const golds = Array.from({ length: 40 }, (_, i) => "abc"[i % 3] ?? "");
const right = golds;
const wrong = golds.map((gold) => (gold === "a" ? "b" : "a"));
const half = golds.map((gold, i) => (Math.floor(i / 2) % 2 === 0 ? gold : (wrong[i] ?? "")));

describe("buildResult", () => {
  it("says what ROUGE counts: characters of Chinese texts, words else, nothing where no text is generated", () => {
    const title: Task = { ...base, name: "title", kind: "generation", labels: [], metric: "rougeL" };
    const counted = [title, { ...title, language: "zh" } as const, tag].map(
      (task) => buildResult(request({ tagpr: said(task, right, golds) }, [task])).rouge,
    );
    expect(counted).toEqual(["english", "char", undefined]);
  });

  it("has the promised shape, rows in the order of the request", () => {
    const result = buildResult(request({ "rag-r": said(tag, half, golds), tagpr: said(tag, right, golds) }, [tag]));
    expect(result).toMatchObject({ task: "tag", metric: "accuracy", higher_is_better: true, seed: 1, seconds: 12 });
    expect(result.rows.map((row) => [row.method, row.score, row.n])).toEqual([
      ["rag-r", 0.5, 40],
      ["tagpr", 1, 40],
    ]);
    expect(result.rows[0]?.low).toBeLessThan(0.5);
    expect(result.rows[0]?.high).toBeGreaterThan(0.5);
    expect(result.rows[1]).toMatchObject({ low: 1, high: 1 });
    expect("ceilings" in result).toBe(false);
  });

  it("a clear gain is better, the same answers are tied with difference 0", () => {
    const predictions = {
      tagpr: said(tag, right, golds),
      "sft-r": said(tag, half, golds),
      "rag-r": said(tag, half, golds),
    };
    const { paired } = buildResult(request(predictions, [tag]));
    const of = (a: string, b: string) => paired.find((p) => p.a === a && p.b === b);
    expect(of("tagpr", "sft-r")).toMatchObject({ difference: 0.5, verdict: "better" });
    expect(of("tagpr", "sft-r")?.low).toBeGreaterThan(0);
    expect(of("sft-r", "rag-r")).toMatchObject({ difference: 0, low: 0, high: 0, verdict: "tied" });
    expect(of("tagpr", "guided")).toBeUndefined();
  });

  it("of one user there is no interval, and of fewer than six nothing is decided, however clear it looks", () => {
    const by = (answers: readonly (string | null)[], users: number) =>
      said(tag, answers, golds).map((p, i) => ({ ...p, user: `u${i % users}` as UserId }));
    const of = (users: number) =>
      buildResult(request({ tagpr: by(right, users), "sft-r": by(wrong, users) }, [tag])).paired[0];
    expect(of(1)).toMatchObject({ difference: 1, low: null, high: null, p_holm: 1, verdict: "undecided" });
    expect(of(5)).toMatchObject({ difference: 1, low: 1, high: 1, verdict: "undecided" });
    expect(of(6)).toMatchObject({ difference: 1, verdict: "better" });
  });

  it("over tasks, a user who is drawn is drawn in all of them: the same answers twice are as sure as once", () => {
    const again: Task = { ...tag, name: "again" };
    const both = buildResult(
      request({ tagpr: [...said(tag, half, golds), ...said(again, half, golds)] }, [tag, again]),
    );
    const [one] = both.tasks ?? [];
    const width = ({ rows }: Pick<Result, "rows">): number => (rows[0]?.high ?? 0) - (rows[0]?.low ?? 0);
    expect(both.rows[0]?.score).toBe(0.5);
    expect(width(both) / width(one ?? both)).toBeCloseTo(1, 0);
    expect(width(both)).toBeGreaterThan(0.9 * width(one ?? both));
  });

  it("white space around a gold changes nothing", () => {
    const task: Task = { ...tag, metric: "f1_macro" };
    const spaced = golds.map((gold) => `${gold} `);
    const result = buildResult(request({ "sft-r": said(task, right, spaced) }, [task]));
    expect(result.rows[0]?.score).toBe(1);
    expect(result.details["sft-r"]?.strict.f1_macro).toBe(1);
  });

  it("lower is better for MAE: a smaller error is a negative difference, and better", () => {
    const gold = Array.from({ length: 40 }, (_, i) => String(1 + (i % 5)));
    const off = gold.map((g) => String(g === "5" ? 4 : Number(g) + 1));
    const predictions = { "sft-r": said(stars, off, gold), tagpr: said(stars, gold, gold) };
    const result = buildResult(request(predictions, [stars]));
    expect(result.higher_is_better).toBe(false);
    expect(result.rows.map((row) => row.score)).toEqual([1, 0]);
    expect(result.paired[0]).toMatchObject({ a: "tagpr", b: "sft-r", difference: -1, verdict: "better" });
    expect(result.details["sft-r"]?.strict).toEqual({ mae: 1, mse: 1, rmse: 1 });
  });

  it.each(["accuracy", "f1_macro"] as const)("the headline %s equals the metric of the details", (metric) => {
    const task: Task = { ...tag, metric };
    const mixed = golds.map((gold, i) => (i % 7 === 0 ? null : i % 3 === 1 ? "a" : gold));
    const result = buildResult(request({ "sft-r": said(task, mixed, golds) }, [task]));
    expect(result.rows[0]?.score).toBeCloseTo(result.details["sft-r"]?.lenient[metric] ?? Number.NaN, 12);
  });

  it("the headline RMSE equals the metric of the details", () => {
    const task: Task = { ...stars, metric: "rmse" };
    const result = buildResult(request({ "sft-r": said(task, ["1", "5", null, "2"], ["3", "5", "4", "1"]) }, [task]));
    expect(result.rows[0]?.score).toBeCloseTo(result.details["sft-r"]?.lenient.rmse ?? Number.NaN, 12);
  });

  it("says how far between the ceilings a method got, in either direction of the metric", () => {
    expect(shareOfPossible(0.5, { query_only: 0.3, shown_items: 0.8, oracle: 0.9 })).toBeCloseTo(0.4);
    expect(shareOfPossible(0.8, { query_only: 1, shown_items: 0.5, oracle: 0.3 })).toBeCloseTo(0.4);
    const ceilings = { tag: { query_only: 0.25, shown_items: 0.75, oracle: 1 } };
    const result = buildResult({ ...request({ "sft-r": said(tag, half, golds) }, [tag]), ceilings });
    expect(result.ceilings).toEqual(ceilings.tag);
    expect(result.details["sft-r"]?.possible_personalization).toBeCloseTo(0.5);
  });

  it("counts format, truncation, length and the swapped profile", () => {
    const answers = golds.map((gold, i) => (i < 10 ? null : gold));
    const swapped = { "sft-r": said(tag, wrong, golds) };
    const { details } = buildResult({ ...request({ "sft-r": said(tag, answers, golds) }, [tag]), swapped });
    expect(details["sft-r"]).toMatchObject({ format_rate: 0.75, truncated_rate: 0.25, mean_tokens: 29.5, swapped: 0 });
  });

  it("several tasks: their mean, with MAE turned so that more is better, and a table each", () => {
    const gold = golds.map((_, i) => String(1 + (i % 5)));
    const off = gold.map((g) => String(g === "5" ? 4 : Number(g) + 1));
    const both = [...said(tag, half, golds), ...said(stars, off, gold)];
    const result = buildResult(request({ "sft-r": both }, [tag, stars]));
    expect(result.tasks?.map((one) => one.task)).toEqual(["tag", "stars"]);
    expect(result).toMatchObject({ task: "all tasks", metric: "macro", higher_is_better: true });
    expect(result.rows[0]?.score).toBeCloseTo((0.5 + (1 - 1 / 4)) / 2, 12);
    expect(result.rows[0]?.n).toBe(80);
  });

  it("calls synthetic what the synthetic world drew, and a mean that it is in, but no other task", () => {
    const other: Task = { ...tag, name: "other" };
    const predictions = { "sft-r": [...said(tag, half, golds), ...said(other, half, golds)] };
    const labels = (...synthetic: string[]) => {
      const result = buildResult({ ...request(predictions, [tag, other]), synthetic });
      return [result.synthetic, ...(result.tasks ?? []).map((one) => one.synthetic)];
    };
    expect(labels()).toEqual([false, false, false]);
    expect(labels("other")).toEqual([true, false, true]);
  });

  it("refuses methods that answered different queries, and no predictions at all", () => {
    const some = said(tag, right, golds);
    expect(() => buildResult(request({ "sft-r": some, tagpr: some.slice(1) }, [tag]))).toThrow(/not answered the same/);
    expect(() => buildResult(request({}, [tag]))).toThrow(/no predictions/);
  });

  it("is the same for the same seed", () => {
    const predictions = { "sft-r": said(tag, half, golds) };
    expect(buildResult(request(predictions, [tag]))).toEqual(buildResult(request(predictions, [tag])));
  });
});
