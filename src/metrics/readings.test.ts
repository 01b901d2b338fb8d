import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Task } from "../data/task.ts";
import { loadTask } from "../data/task-file.ts";
import { score } from "./score.ts";

const movies = loadTask("LaMP_2");
const stars = loadTask("LaMP_3");
const headline = loadTask("LaMP_4");

describe("a text read leniently never scores worse than officially", () => {
  const piece = fc.oneof(
    fc.constantFrom(...movies.labels, "4.5", "3", "-2", "1e3", "12", "Big", "news", "today", "Headline:", "Answer:"),
    fc.constantFrom("<think>", "</think>", "<answer>", "</answer>", "[THINK]", "[/THINK]", "\\boxed{", "}", "**", '"'),
    fc.constantFrom("\n", " ", "```", "{", "<|channel|>", "<|message|>", "final", "analysis", "<|im_end|>", "/5", "٣"),
    fc.string({ maxLength: 5 }),
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
  const worse = (task: Task, prediction: string, gold: string, references: string[], keys: string[]): void => {
    const { official, lenient } = score(task, [{ prediction, gold, references }]);
    for (const key of keys as ("accuracy" | "mae" | "mse" | "rmse" | "rouge1" | "rougeL")[]) {
      const [own, other] = [lenient[key] ?? Number.NaN, official[key] ?? Number.NaN];
      if (task.kind === "ordinal") expect(own).toBeLessThanOrEqual(other);
      else expect(own).toBeGreaterThanOrEqual(other);
    }
  };

  it("labels, grades, free text, with one reference or several", () => {
    const label = fc.constantFrom(...movies.labels, "none of them");
    const grade = fc.constantFrom("1", "2", "3", "4", "5", "4.5", "7");
    const several = <T>(one: fc.Arbitrary<T>) => fc.tuple(one, fc.array(one, { maxLength: 2 }));
    fc.assert(
      fc.property(text, several(label), several(grade), several(text), (said, labels, grades, texts) => {
        worse(movies, said, ...labels, ["accuracy"]);
        worse(stars, said, ...grades, ["mae", "mse", "rmse"]);
        worse(headline, said, ...texts, ["rouge1", "rougeL"]);
      }),
      { numRuns: 2000 },
    );
  });
});
