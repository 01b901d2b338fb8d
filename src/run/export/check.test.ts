import { expect, it } from "vitest";
import { checkPolicy, checkReward } from "./check.ts";

it("a check of nothing is refused, and says what the run lacks", () => {
  expect(() => checkPolicy([], [], 1e-4)).toThrow(/no responses to compare/);
  expect(() => checkReward([], [], 1e-4)).toThrow(/no preference pairs to compare/);
  expect(checkReward([1], [1], 1e-4)).toEqual({ largest: 0, compared: 1, tolerance: 1e-4 });
});
