import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openCanvas } from "../../report/plots/draw.ts";
import { writeMadeUpRun } from "../../report/testing/made-up-run.ts";
import { type Evaluation, openEvaluation } from "../evaluation.ts";
import { suiteSchema } from "../schema.ts";
import { kindsOf } from "./index.ts";

describe("every number of one method on one task leads to its answers", () => {
  let evaluation: Evaluation;
  const dir = mkdtempSync(join(tmpdir(), "leads-"));
  beforeAll(() => {
    writeMadeUpRun(dir, 20, 3);
    evaluation = openEvaluation(dir, { id: "own+seed-3" });
  });

  it.each([
    ["main", 2],
    ["robustness", 5],
    ["efficiency", 1],
    ["users", 4],
    ["cold", 2],
    ["cost", 2],
    ["grounding", 4],
  ])("in %s, in %d cells of a row at least", async (name, least) => {
    const methods = ["rag-r", "tagpr"];
    const suite = suiteSchema.parse({ config: "none.yaml", show: [name] });
    const [kind] = kindsOf([name]);
    const given = { suite, methods, evaluations: () => [evaluation], canvas: await openCanvas() };
    const { tables } = (await kind?.show(given)) ?? { tables: [] };
    const rows = tables[0]?.rows.filter(({ label }) => methods.map(evaluation.label).includes(label)) ?? [];
    expect(rows.map(({ label }) => label).sort()).toEqual(methods.map(evaluation.label).sort());
    for (const { label, entries } of rows) {
      const leads = entries.flatMap(({ lead }) => lead ?? []);
      expect(leads.length).toBeGreaterThanOrEqual(least);
      for (const lead of leads)
        expect({ ...lead, label: evaluation.label(lead.method) }).toEqual({
          ...{ cell: "own+seed-3", task: "synthetic_tag", method: lead.method },
          label,
        });
    }
  });
});
