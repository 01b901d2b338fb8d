import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { methodOf } from "../../methods/index.ts";
import { budgetOf } from "./budget.ts";

it("looks at dev are those of the loop, of the guard and of the evaluation", () => {
  const run = mkdtempSync(join(tmpdir(), "budget-"));
  const config = configSchema.parse({});
  const looks = () => budgetOf({ run, config }, methodOf("sft-r", config), [], 1).tuning_trials;
  mkdirSync(join(run, "sft"));
  writeJson(join(run, "sft/curve.json"), { curve: [{ dev: 0.1 }, { dev: null }, { dev: 0.2 }] });
  expect(looks()).toBe(2 + 1);
  writeJson(join(run, "sft/model.json"), { path: "base", guard: { kept: "start", looks: 2 } });
  expect(looks()).toBe(2 + 2 + 1);
});

it("HYDRA's labels are those of the users that its scorer was trained on, not of all", () => {
  const run = mkdtempSync(join(tmpdir(), "budget-"));
  const config = configSchema.parse({});
  for (const dir of ["data", "hydra"]) mkdirSync(join(run, dir));
  const queries = ["a", "b", "c"].map((id) => ({ task: "t", id, gold: "x" }));
  writeJsonl(join(run, "data/chains.jsonl"), queries);
  writeJsonl(join(run, "data/rl.jsonl"), []);
  writeJsonl(join(run, "hydra/samples.jsonl"), [{ units: ["t/a/0", "t/b/0"] }, { units: ["t/a/1"] }]);
  expect(budgetOf({ run, config }, methodOf("hydra-adapter", config), [], 0).labels).toBe(2);
});
