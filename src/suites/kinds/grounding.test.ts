import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openCanvas } from "../../report/plots/draw.ts";
import { writeMadeUpRun } from "../../report/testing/made-up-run.ts";
import { openEvaluation } from "../evaluation.ts";
import { suiteSchema } from "../schema.ts";
import { grounding } from "./grounding.ts";

it("says what result.json says, with intervals over users around it; who does not reason has no row", async () => {
  const run = mkdtempSync(join(tmpdir(), "grounding-"));
  writeMadeUpRun(run, 60, 3);
  const all = [openEvaluation(run, { id: "own+seed-0" })];
  const suite = suiteSchema.parse({ config: "x.yaml", show: ["grounding"] });
  const methods = ["zero-shot", "rag-r", "tagpr"];
  const shown = await grounding.show({ suite, methods, evaluations: () => all, canvas: await openCanvas() });
  const rows = shown.tables[0]?.rows ?? [];
  expect(rows.map(({ label }) => label)).toEqual(["RAG-R (Base)", "TagPR"]);
  for (const [i, method] of ["rag-r", "tagpr"].entries()) {
    const truth = all[0]?.result.details[method]?.truth;
    const [statements, ...shares] = rows[i]?.entries ?? [];
    expect(statements?.value).toBe(truth?.statements);
    const expected = [truth?.statements_true, truth?.deciding_true, truth?.no_statement];
    for (const [k, { value, low, high }] of shares.entries()) {
      expect(value ?? null).toBe(expected[k] ?? null);
      if (typeof value !== "number") continue;
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  }
});
