import { describe, expect, it } from "vitest";
import { summary } from "./summary.mjs";

const counts = (skipped = 0, failed = 0) => ({ passed: 5, failed, skipped });
const lint = { name: "lint", ok: true, seconds: 1 };
const unit = { name: "unit", ok: true, seconds: 61.5, counts: counts() };
const skipping = (/** @type {string[]} */ ...skips) => [lint, { ...unit, counts: counts(skips.length), skips }];

describe("the end of `npm test`", () => {
  it("passes where every step passed, and says how many tests did", () => {
    const { lines, code } = summary([lint, unit, { ...unit, name: "python" }], true);
    expect(code).toBe(0);
    expect(lines.find((line) => /^ok +unit/.test(line))).toMatch(/ 61\.5 s {2}5 passed, 0 failed, 0 skipped$/);
    expect(lines.slice(-2)).toEqual(["3 of 3 steps passed", "tests: 10 passed, 0 failed, 0 skipped"]);
  });

  it("fails where a step failed, naming its tests", () => {
    const failed = { ...unit, ok: false, counts: counts(0, 1), failures: ["a.test.ts > a sum: 1 is not 2"] };
    const { lines, code } = summary([lint, failed], false);
    expect(code).toBe(1);
    expect(lines).toContain("\nFAILED a.test.ts > a sum: 1 is not 2");
    expect(lines).toContain("1 of 2 steps passed");
  });

  it("names a skipped test; that is a failure with CI=true alone", () => {
    const steps = skipping("tests.t > b: no PostgreSQL");
    for (const ci of [false, true]) {
      const { lines, code } = summary(steps, ci);
      expect(lines).toContain("\nskipped tests.t > b: no PostgreSQL");
      expect(code).toBe(ci ? 1 : 0);
    }
  });

  it("what a GPU is wanted for, or the want of one, is named and never a failure", () => {
    const gpu = ["tests.test_cuda: needs a GPU (18 tests)", "tests.test_choose > c: there is a GPU"];
    expect(summary(skipping(...gpu), true)).toMatchObject({ code: 0 });
    expect(summary(skipping(...gpu), true).lines).toContain(`\nskipped ${gpu[0]}`);
    expect(summary(skipping(...gpu, "tests.t > b: not today"), true).code).toBe(1);
  });
});
