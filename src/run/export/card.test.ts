import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import type { ModelName } from "../../model/export-file.ts";
import { modelCard } from "./card.ts";

const cardOf = (model: ModelName, config: object, synthetic = false): string =>
  modelCard({
    ...{
      tagpr: "0.1.0",
      revision: null,
      model,
      base: "models/nano",
      seed: 1,
      tags: ["analyze_input"],
      tasks: [],
      data: {},
      metrics: null,
    },
    config: configSchema.parse(config),
    synthetic,
    check: { largest: 0, compared: 3, tolerance: 1e-4 },
  });

it("a card says how the model was really taught, and whether it thinks", () => {
  const tagged = cardOf("sft", {});
  expect(tagged).toMatch(/# .*: policy after SFT on tagged chains\n/);
  expect(tagged).toMatch(/thinks in tagged steps between[^\n]*name the tags `analyze_input`[^\n]*enable_thinking=True/);
  const untagged = cardOf("sft", { sft: { form: "untagged" }, prompt: { names_tags: false } });
  expect(untagged).toMatch(/# .*: policy after SFT on chains without tags\n/);
  expect(untagged).toMatch(/thinks in steps without tags/);
  expect(untagged).not.toContain("analyze_input");
  const gold = cardOf("sft", { sft: { form: "gold" } });
  expect(gold).toMatch(/# .*: policy after SFT on true answers, without reasoning\n/);
  expect(gold).toMatch(/answers at once\. Turn thinking off/);
  expect(cardOf("tagpr", { guided: { from: "base" } })).toMatch(/# .*: policy after exploratory RL, without SFT\n/);
  expect(cardOf("explore-no-sft", {})).toMatch(/# .*: policy after exploratory RL, without SFT\n/);
  expect(cardOf("explore-no-tag", {})).toMatch(/# .*: policy after exploratory RL \(the ablation no-tag\)\n/);
  expect(cardOf("explore-untagged", {})).toMatch(/thinks in steps without tags/);
  expect(cardOf("gold-full", {})).toMatch(/answers at once\. Turn thinking off/);
  expect(cardOf("prmu", { guided: { from: "base" } })).toMatch(/# .*: reward model with user embeddings \(PRMU\)\n/);
});

it("a card says that the numbers are of the synthetic world, whatever data.source reads it", () => {
  const files = { data: { source: "files", paths: ["W/tweet"], task: "" } };
  for (const model of ["tagpr", "prmu"] as const) {
    expect(cardOf(model, files, true)).toContain("## Numbers\nFrom a synthetic world, not from people.\n");
    expect(cardOf(model, files)).not.toContain("synthetic world");
  }
});
