import { expect, it } from "vitest";
import { loopingSaid } from "./looping.ts";

it("many answers that loop or are cut off are told with the cut-off's name, few are not", () => {
  const said = (looping: number, truncated: number) =>
    loopingSaid({ looping, truncated }, "Before RL", "max_tokens (160)");
  expect(said(0.1, 0.2)).toBeNull();
  expect(said(0.3, 0)).toMatch(
    /^Before RL: 0% of the answers are cut off at max_tokens \(160\), 30% go round in circles/,
  );
  expect(said(0, 0.6)).toMatch(/60% of the answers are cut off/);
});
