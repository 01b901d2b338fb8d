import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { intervalOf } from "./intervals.ts";
import { type Kept, keep, keepEnded, METHODS, readKept } from "./kept.ts";
import { told } from "./tell.ts";

const folder = mkdtempSync(join(tmpdir(), "own-data-"));
const common = { set: "notes", split: "given", seconds: 600, revision: "abc" };

it("what is kept of a run has its scores and no word of anybody's", () => {
  mkdirSync(join(folder, "run", "eval"), { recursive: true });
  for (const method of METHODS) {
    const answer = { query: "q-secret", user: "u-secret", response: "secret", gold: "secret" };
    const scored = { ...answer, lenientScore: method === "tagpr" ? 1 : 0, strictScore: 0, truth: { deciding: true } };
    writeFileSync(join(folder, "run", "eval", `${method}.jsonl`), `${JSON.stringify(scored)}\n`);
  }
  for (const [stage, step] of Object.entries({ sft: 12, guided: 0, explore: 2, gold: 0 })) {
    mkdirSync(join(folder, "run", stage), { recursive: true });
    const look = { score: 0.5, greedy: 0.5, sampled: 0.5 };
    const guard = { trained: "a", step: 1, looks: 2, kept: "trained", dev: { start: look, trained: look } };
    const model = { path: "a", step, score: null, state: null, made_by: "k", ...(stage === "sft" ? { guard } : {}) };
    writeFileSync(join(folder, "run", stage, "model.json"), JSON.stringify(model));
  }
  const path = join(folder, "kept", "one.json");
  keep(path, join(folder, "run"), { ...common, seed: "1", ended: null });
  expect(readFileSync(path, "utf8")).not.toContain("secret");
  expect(readKept(path)?.answers.tagpr).toMatchObject([{ lenient: 1, strict: 0, deciding: [true] }]);
  expect(readKept(path)?.dev).toMatchObject({ sft: { trained: { greedy: 0.5 } } });
  expect(readKept(path)?.guards).toEqual({ sft: false, guided: true, explore: false, gold: true });
});

it("a table tells runs that ended early apart, and pairs queries over seeds", () => {
  const answer = (query: string, lenient: number) => ({ query, user: query, lenient, strict: 0, deciding: [] });
  const run = (seed: string, tagpr: number): Kept => ({
    ...{ ...common, seed, ended: null, guards: { sft: true } },
    answers: { "rag-r": [answer("a", 0), answer("b", 1)], tagpr: [answer("a", tagpr), answer("b", 1)] },
  });
  keepEnded(join(folder, "ended.json"), { ...common, seed: "3", ended: "too little" });
  const lines = told("notes", [run("1", 1), run("2", 0), readKept(join(folder, "ended.json")) as Kept], 6).join("\n");
  expect(lines).toContain("notes: 2 of 6 runs");
  expect(lines).toContain("1 ended before they trained: too little");
  expect(lines).toMatch(/tagpr +0\.750 \[.*2 queries/);
  expect(lines).toMatch(/tagpr − rag-r +0\.250 \[.*2 queries/);
  expect(lines).toContain("sft 2 of 2");
});

it("intervals are as wide as seeds and users make them", () => {
  const asked = (value: (seed: number, user: number) => number) =>
    [0, 1, 2].flatMap((seed) =>
      Array.from({ length: 40 }, (_, user) => ({
        ...{ set: "notes", split: "given", seed: `s${seed}`, user: `u${user}`, query: `q${user}` },
        value: value(seed, user),
      })),
    );
  const width = (value: (seed: number, user: number) => number) => {
    const { mean, low, high, queries } = intervalOf(asked(value), "test");
    expect(queries).toBe(40);
    return { mean, width: high - low };
  };
  expect(width(() => 0.5)).toEqual({ mean: 0.5, width: 0 });
  const bySeed = width((seed) => seed);
  expect(bySeed.mean).toBeCloseTo(1);
  expect(bySeed.width).toBeGreaterThan(1.5); // three seeds, 0 to 2: a draw of the same one thrice is one in 27
  const byUser = width((_, user) => user % 2);
  // As wide as of one seed: users are the same in all of them. Drawn anew in each, they would make it .58 of that.
  const ofOneSeed = 2 * 1.96 * Math.sqrt(0.25 / 40);
  expect(byUser.width / ofOneSeed).toBeGreaterThan(0.85);
  expect(byUser.width / ofOneSeed).toBeLessThan(1.15);
});

it("sets are drawn too, unless it is of them alone", () => {
  const asked = [0, 1, 1].flatMap((value, set) =>
    Array.from({ length: 30 }, (_, user) => ({
      ...{ set: `s${set}`, split: "given", seed: "1", user: `u${user}`, query: `q${user}` },
      value,
    })),
  );
  expect(intervalOf(asked, "sets").low).toBe(0); // the first thrice is one draw in 27
  const { mean, low, high } = intervalOf(asked, "sets", true);
  expect([low, high]).toEqual([mean, mean]);
});
