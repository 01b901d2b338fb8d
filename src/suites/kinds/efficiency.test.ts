import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openCanvas } from "../../report/plots/draw.ts";
import { writeMadeUpRun } from "../../report/testing/made-up-run.ts";
import { openEvaluation } from "../evaluation.ts";
import { suiteSchema } from "../schema.ts";
import { efficiency } from "./efficiency.ts";

it("lengths stand against the base, tags and transitions are the further trained method's", async () => {
  const run = mkdtempSync(join(tmpdir(), "efficiency-"));
  writeMadeUpRun(run, 60, 3);
  const all = [openEvaluation(run, { id: "own+seed-0" })];
  const suite = suiteSchema.parse({ config: "x.yaml", show: ["efficiency"] });
  const given = { suite, methods: ["zero-shot", "rag-r", "tagpr"], evaluations: () => all, canvas: await openCanvas() };
  const { tables, pictures, says } = await efficiency.show(given);
  const [lengths, tags] = tables;
  expect(lengths?.rows.map(({ label, base }) => [label, base])).toEqual([
    ["RAG-R (Base)", true],
    ["TagPR", undefined],
  ]);
  expect(lengths?.rows[0]?.entries[1]?.text).toBe("–");
  const own = lengths?.rows[1]?.entries ?? [];
  const base = lengths?.rows[0]?.entries[0]?.value ?? 0;
  expect(own[1]?.value).toBeCloseTo((own[0]?.value ?? 0) / base - 1);
  const shares = tags?.rows.map(({ entries }) => entries[0]?.value ?? 0) ?? [];
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1);
  expect(pictures[0]?.wide).toContain("<svg");
  expect(says.join(" ")).toMatch(/TagPR: .* tokens a response than RAG-R/);
});
