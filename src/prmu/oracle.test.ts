import { describe, expect, it } from "vitest";
import { bayesAnswer, ceilings } from "../data/synthetic/ceilings.ts";
import { examples } from "../data/synthetic/examples.ts";
import { shapeOf } from "../data/synthetic/shapes.ts";
import { makeWorld } from "../data/synthetic/world.ts";
import { loadTask } from "../data/task-file.ts";
import type { Example, ShownExample } from "../data/types.ts";
import { makeOracle, type Oracle } from "./oracle.ts";

const world = makeWorld(11);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const respond = (answer: string): string => `<think><a>so</a></think>${answer}`;

/** Users whose whole history is shown, so that ages are known to all. */
function cases(task: string): { example: Example; shown: ShownExample }[] {
  const of = { split: "train", users: 300, queriesPerUser: 1, minItems: 1 };
  return [...examples(world, shapeOf(task), of)]
    .filter(({ profile }) => profile.length <= 8)
    .map((example) => {
      const { profile, ...question } = example;
      return { example, shown: { ...question, shown: profile, historyItems: profile.length } };
    });
}

const open = (oracle: Oracle, task: string) =>
  makeOracle({ oracle, world, tasks: [loadTask(task)], tags: ["a"], seed: 1 });

describe("an oracle", () => {
  const task = "synthetic_tag";
  const some = cases(task);
  const ask = async (oracle: Oracle, answerOf: (one: (typeof some)[number]) => string) =>
    open(oracle, task).score(some.map((one) => ({ example: one.shown, text: respond(answerOf(one)) })));
  const bayes = ({ example }: (typeof some)[number]) => bayesAnswer(world, shapeOf(task), example, example.profile);

  it("of the prompt expects of the Bayes answer what the ceiling says, and of none more", async () => {
    const best = await ask("oracle-prompt", (one) => bayes(one).answer);
    for (const [i, one] of some.entries()) expect(sigmoid(best[i] ?? 0)).toBeCloseTo(bayes(one).expected, 6);
    for (const label of loadTask(task).labels) {
      const other = await ask("oracle-prompt", () => label);
      for (const [i, score] of other.entries()) expect(score).toBeLessThanOrEqual((best[i] ?? 0) + 1e-9);
    }
  });

  it("that knows the user expects of the user's own label what the oracle ceiling says", async () => {
    const top = some.map(() => Number.NEGATIVE_INFINITY);
    for (const label of loadTask(task).labels)
      for (const [i, score] of (await ask("oracle-user", () => label)).entries()) top[i] = Math.max(top[i] ?? 0, score);
    const mean = top.reduce((sum, x) => sum + sigmoid(x), 0) / top.length;
    const known = some.map(({ example }) => ({ example, shown: example.profile }));
    expect(mean).toBeCloseTo(ceilings(world, shapeOf(task), known).oracle, 6);
  });

  it("gives what can't be read nothing, and a placebo has the same scores elsewhere, the same in every process", async () => {
    expect(sigmoid((await ask("oracle-prompt", () => "no label"))[0] ?? 0)).toBeLessThan(1e-6);
    const [real, placebo, again] = [
      await ask("oracle-prompt", ({ example }) => example.gold ?? ""),
      await ask("placebo", ({ example }) => example.gold ?? ""),
      await ask("placebo", ({ example }) => example.gold ?? ""),
    ];
    expect(placebo.toSorted()).toEqual(real.toSorted());
    expect(placebo).not.toEqual(real);
    expect(again).toEqual(placebo);
  });

  it("knows every shape of the world: grades by distance, titles by overlap", async () => {
    for (const name of ["synthetic_rating", "synthetic_title"]) {
      const [one] = cases(name) as [(typeof some)[number]];
      const scores = await open("oracle-prompt", name).score(
        [one.example.gold ?? "", name === "synthetic_rating" ? "9" : "zzz"].map((answer) => ({
          example: one.shown,
          text: respond(answer),
        })),
      );
      expect(sigmoid(scores[0] ?? 0)).toBeGreaterThan(0.2);
      expect(scores[1]).toBeLessThan(scores[0] ?? 0);
    }
  });
});
