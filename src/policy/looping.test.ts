import { expect, it } from "vitest";
import { loopingSaid, loopingTeller } from "./looping.ts";

it("many answers that loop or are cut off are told with the cut-off's name, few are not", () => {
  const said = (looping: number, truncated: number) =>
    loopingSaid({ looping, truncated }, "Before RL", "max_tokens (160)");
  expect(said(0.1, 0.2)).toBeNull();
  expect(said(0.3, 0)).toMatch(
    /^Before RL: 0% of the answers are cut off at max_tokens \(160\), 30% go round in circles/,
  );
  expect(said(0, 0.6)).toMatch(/60% of the answers are cut off/);
});

it("a stage's looks are told once after training began, whatever the base did before", () => {
  const [fine, loops] = [
    { looping: 0, truncated: 0 },
    { looping: 0.5, truncated: 0 },
  ];
  const saidOf = (...looks: (readonly [typeof fine, number])[]): string[] => {
    const said: string[] = [];
    const tell = loopingTeller((sentence) => said.push(sentence.split(":")[0] ?? ""), "SFT", "max_tokens (160)");
    for (const [found, step] of looks) tell(found, step);
    return said;
  };
  expect(saidOf([fine, 0], [loops, 6], [loops, 12])).toEqual(["SFT, dev after 6 steps"]);
  expect(saidOf([loops, 0], [fine, 1], [loops, 2])).toEqual([
    "SFT, dev before the first step",
    "SFT, dev after 2 steps",
  ]);
});
