import { expect, it } from "vitest";
import { hashable } from "./added.ts";
import { configSchema } from "./schema.ts";

const parse = (given: object) => configSchema.parse(given);

it("a setting that changes nothing is in no hash, whatever stands beside it; one that changes something is", () => {
  const plain = hashable(parse({}));
  expect(plain.guided).not.toHaveProperty("kl");
  expect(plain.rewards).not.toHaveProperty("own");
  expect(hashable(parse({ guided: { kl: { weight: 0, estimator: "k2" } } }))).toEqual(plain);
  for (const lever of [
    { guided: { loss: "grpo" } },
    { guided: { kl: { weight: 0.1 } } },
    { explore: { rewards: { tag: 0.1 } } },
    { rewards: { own: { mine: { url: "http://127.0.0.1:1" } } } },
  ])
    expect(hashable(parse(lever))).not.toEqual(plain);
});

it("what a row's samples hang on hangs on what the row is trained by", () => {
  const gold = (learning_rate: number) =>
    hashable(parse({ gold: { learning_rate }, eval: { methods: ["sft/majority@8"] } }));
  expect(gold(1)).not.toEqual(gold(2));
});
