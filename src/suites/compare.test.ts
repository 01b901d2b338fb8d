import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readJsonl, writeJsonl } from "../core/jsonl.ts";
import type { Prediction } from "../eval/types.ts";
import { writeMadeUpRun } from "../report/testing/made-up-run.ts";
import { compareSides, configDifferences, type Side } from "./compare.ts";
import { openEvaluation } from "./evaluation.ts";

function run(): string {
  const dir = mkdtempSync(join(tmpdir(), "compare-"));
  writeMadeUpRun(dir, 40, 3);
  return dir;
}
const side = (dir: string, method: string): Side => ({
  name: dir,
  evaluation: openEvaluation(dir, { id: "run" }),
  method,
});

it("the same answers are tied, whatever is asked", async () => {
  const dir = run();
  const { metrics, flips, queries } = await compareSides(side(dir, "tagpr"), side(dir, "tagpr"));
  expect(flips).toEqual([]);
  expect(queries).toEqual({ both: 40, onlyA: 0, onlyB: 0 });
  for (const { difference } of metrics) expect(difference).toMatchObject({ value: 0, low: 0, high: 0, p: 1 });
});

it("names the queries that flipped, the furthest first, and compares what both have asked", async () => {
  const [a, b] = [run(), run()];
  const file = join(b, "eval", "tagpr.jsonl");
  const rows = readJsonl<Prediction>(file);
  const flipped = rows.map((row, i) => (i === 2 ? { ...row, lenientScore: 1 - row.lenientScore } : row));
  writeJsonl(file, flipped.slice(0, 30).reverse());
  const { flips, queries } = await compareSides(side(a, "tagpr"), side(b, "tagpr"));
  expect(flips).toEqual([
    { task: "synthetic_tag", query: "test-2", a: rows[2]?.lenientScore, b: 1 - (rows[2]?.lenientScore ?? 0) },
  ]);
  expect(queries).toEqual({ both: 30, onlyA: 10, onlyB: 0 });
});

it("says which settings differ", () => {
  const { config } = openEvaluation(run(), { id: "run" });
  const other = { ...config, eval: { ...config.eval, batch: 3 }, seed: 9 };
  expect(configDifferences(config, other)).toEqual([
    { path: "seed", a: config.seed, b: 9 },
    { path: "eval.batch", a: config.eval.batch, b: 3 },
  ]);
});
