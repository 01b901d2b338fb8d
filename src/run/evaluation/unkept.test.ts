import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeJson } from "../../core/jsonl.ts";
import { METHODS } from "../../methods/index.ts";
import { labelsOfKept, notHandedOn } from "./unkept.ts";

it("what was trained and not handed on has a row beside what was", () => {
  const run = mkdtempSync(join(tmpdir(), "unkept-"));
  const look = { score: 0, greedy: 0, sampled: 0 };
  const dev = { start: look, trained: look };
  for (const [stage, kept] of [
    ["sft", "start"],
    ["explore", "trained"],
  ]) {
    mkdirSync(join(run, stage as string));
    writeJson(join(run, stage as string, "model.json"), { path: "base", guard: { trained: "tinker://x", kept, dev } });
  }
  const methods = METHODS.filter(({ name }) => ["rag-r", "sft-r", "tagpr"].includes(name));
  const unkept = notHandedOn(run, methods);
  expect(unkept.map(({ name, label }) => [name, label])).toEqual([
    ["sft-r-trained", "SFT-R (w/o RL), as trained (not handed on)"],
  ]);
  expect(labelsOfKept(unkept)).toEqual({ "sft-r": "SFT-R (w/o RL): kept what it began with" });
});
