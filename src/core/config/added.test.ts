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
