import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeJsonl } from "../../core/jsonl.ts";
import { stream } from "../../core/random.ts";
import type { CausalRow } from "../../eval/causal.ts";
import { openCanvas } from "../../report/plots/draw.ts";
import { writeMadeUpRun } from "../../report/testing/made-up-run.ts";
import { openEvaluation } from "../evaluation.ts";
import { suiteSchema } from "../schema.ts";
import { causal } from "./causal.ts";

const METHODS = ["rag-r", "sft-r", "tagpr"];

/** Chains of three steps, of which the second alone does something, if `matters` says so. */
function rowsOf(matters: (i: number) => number): CausalRow[] {
  return Array.from({ length: 40 }, (_, i) => {
    const effect = matters(i);
    const led = (change: number) => ({ logprob: -1 + change, answer: change < -1 ? "action" : "comedy" });
    const step = (tag: string, at: number, change: number) => ({ tag, at, out: led(change) });
    return {
      ...{ task: "synthetic_tag", query: `test-${i}`, user: `u${Math.floor(i / 2)}`, answer: "comedy" },
      ...(i === 0
        ? { why: "no answer", own: null, none: null, steps: [] }
        : {
            ...{ why: null, own: led(0), none: led(-4) },
            steps: [
              step("analyze_input", 0, 0),
              { ...step("examine_examples", 1, effect), reversed: { ...led(effect / 2), claims: [] } },
              step("make_decision", 2, 0),
            ],
          }),
    };
  });
}

async function shownOf(matters: (i: number) => number) {
  const run = mkdtempSync(join(tmpdir(), "causal-"));
  writeMadeUpRun(run, 60, 3);
  const evaluation = openEvaluation(run, { id: "own+seed-0" });
  writeJsonl(evaluation.causalFile("tagpr"), rowsOf(matters));
  const suite = suiteSchema.parse({ config: "x.yaml", show: ["causal"] });
  const given = { suite, methods: METHODS, evaluations: () => [evaluation], canvas: await openCanvas() };
  return { suite, shown: await causal.show(given) };
}

it("asks about the methods that the suite compares, and about the base where it compares none of them", () => {
  const suite = suiteSchema.parse({ config: "x.yaml", show: ["causal"] });
  expect(causal.needs(suite, METHODS)[0]?.causal).toEqual(["tagpr", "sft-r", "rag-r"]);
  expect(causal.needs(suite, ["zero-shot"])[0]).toMatchObject({ methods: ["rag-r"], causal: ["rag-r"] });
});

it("finds the one step that does something, its size, and how many answers are others", async () => {
  const { shown } = await shownOf((i) => -2 + 0.5 * stream("noise", i).normal());
  const rows = shown.tables[0]?.rows ?? [];
  expect(rows.map(({ label }) => label)).toEqual([
    "analyze_input",
    "examine_examples",
    "make_decision",
    "any step",
    "whole chain",
  ]);
  const [analyze, examine, decide] = rows.map(({ entries }) => entries);
  for (const none of [analyze, decide]) {
    expect(none?.[1]).toMatchObject({ value: 0, verdict: "tied" });
    expect(none?.[2]?.value).toBe(0);
    expect(none?.slice(3).map(({ text }) => text)).toEqual(["–", "–", "–"]);
  }
  expect(examine?.[0]?.value).toBe(39);
  expect(examine?.[1]?.value).toBeCloseTo(-2, 0);
  expect(examine?.[1]).toMatchObject({ verdict: "worse" });
  expect(examine?.[1]?.low).toBeLessThan(examine?.[1]?.value ?? 0);
  expect(examine?.[1]?.high).toBeLessThan(0);
  expect(examine?.[2]?.value).toBeGreaterThan(0.8);
  expect(examine?.[4]?.value).toBeCloseTo((examine?.[1]?.value ?? 0) / 2);
  expect(rows[4]?.entries[1]).toMatchObject({ value: -4, verdict: "worse" });
  expect(shown.tables[0]?.notes.join(" ")).toContain("TagPR, synthetic_tag: 39 of 40 answers have a chain");
  expect(shown.says.join(" ")).toMatch(/TagPR, synthetic_tag: .* most without examine_examples/);
  expect(shown.pictures.map(({ name }) => name)).toEqual(["causal-synthetic_tag"]);
});

it("an effect that only noise has is undecided", async () => {
  const { shown } = await shownOf((i) => stream("noise", i).normal());
  expect(shown.tables[0]?.rows[1]?.entries[1]).toMatchObject({ verdict: "undecided" });
});
