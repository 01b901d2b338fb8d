import { expect, it } from "vitest";
import { tryEndpoint } from "./testing/hostile.ts";

it("law: whatever an endpoint answers, nothing paid is lost, and what ends is said in a sentence", async () => {
  for (let seed = 0; seed < 60; seed++) expect([seed, await tryEndpoint(seed)]).toEqual([seed, []]);
});
