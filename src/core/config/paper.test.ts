import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { loadConfig } from "./load.ts";

it("the paper's preset has its plain sigmoid, masks no user, filters no pair, and none of our levers", () => {
  const { rewards, prmu, guided, explore, choose, eval: asked } = loadConfig("presets/paper.yaml");
  expect(rewards).toMatchObject({ raw_personalization: true, ngram: 4, min_tags: 3, grounding: 0, own: {}, of: {} });
  expect(prmu).toMatchObject({ variant: "full", filter_pairs: false, min_gap: 0, weigh_by: "nothing", mask_users: 0 });
  expect(prmu).toMatchObject({ row_rate: 1, warm_start: 0, kinds: ["PRP", "PQP"], prp_pairs: 10000, pqp_pairs: 10000 });
  for (const stage of [guided, explore]) {
    expect(stage).toMatchObject({
      loss: "gspo",
      advantages: "group",
      clip_low: 0.0003,
      clip_high: 0.0004,
      rollouts: 5,
    });
    expect(stage).toMatchObject({
      kl: { weight: 0 },
      entropy: { floor: 0 },
      learning_rate: 1e-6,
      advantage_delta: 1e-6,
    });
  }
  expect([guided.epochs, explore.epochs]).toEqual([13, 2]);
  expect([choose.guard, choose.looks, asked.samples]).toEqual(["never", 0, 0]);
});

it("and says of each value that the paper doesn't give that it is ours", () => {
  const lines = readFileSync("presets/paper.yaml", "utf8").split("\n");
  for (const key of ["warmup_steps", "updates", "row_spread"])
    for (const line of lines.filter((text) => text.trim().startsWith(`${key}:`))) expect(line).toMatch(/# ours/);
});
