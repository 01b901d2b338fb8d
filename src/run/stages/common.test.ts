import { describe, expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { requireChains } from "./common.ts";

describe("a run whose SFT learns answers without reasoning", () => {
  it("says that preference pairs and RL can't follow it", () => {
    const config = configSchema.parse({ sft: { form: "gold" } });
    expect(() => requireChains(config, "guided")).toThrow(/guided can't follow sft\.form: gold/);
    for (const form of ["tagged", "untagged"])
      expect(() => requireChains(configSchema.parse({ sft: { form } }), "guided")).not.toThrow();
  });
});
