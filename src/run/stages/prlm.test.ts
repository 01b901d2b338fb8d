import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { examples } from "../../eval/testing/fakes.ts";
import { prlmRl } from "./prlm.ts";
import { pairsOf } from "./prlm-reward.ts";

it("pairs are answers with items against answers without; thoughts, silence and equal answers teach nothing", () => {
  const [example] = examples;
  if (example === undefined) throw new Error("no example");
  const said = (...texts: string[]) => texts.map((text) => ({ text }));
  const withItems = said("<think>a</think> comedy", "action", "<think>b</think>", "drama");
  const without = said("<think>c</think> action", "action", "comedy", "comedy");
  expect(pairsOf(example, [withItems, without]).map((pair) => [pair.withItems, pair.without])).toEqual([
    ["comedy", "action"],
    ["drama", "comedy"],
  ]);
});

it("RL is GRPO with TagPR's budget: the passes of both its stages, its queries, roll-outs and batches", () => {
  const config = configSchema.parse({ guided: { epochs: 3, batch: 16, rollouts: 6 }, explore: { epochs: 1.5 } });
  expect(prlmRl(config)).toMatchObject({ loss: "grpo", epochs: 4.5, batch: 16, rollouts: 6, clip_low: 0.2 });
  expect(prlmRl(config)).not.toHaveProperty("from");
});
