import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pytestFailures, pytestSkips, vitestFailures, vitestSkips } from "./counts.mjs";

it("failed tests are named at the end, with what went wrong", () => {
  const dir = mkdtempSync(join(tmpdir(), "counts-"));
  const [unit, python] = [join(dir, "v.json"), join(dir, "p.xml")];
  const test = { status: "failed", fullName: "a sum", failureMessages: ["AssertionError: 1 is not 2\n  at x"] };
  const files = [
    { name: "a.test.ts", status: "failed", assertionResults: [test, { status: "passed" }] },
    { name: "b.test.ts", status: "failed", message: "Cannot find module", assertionResults: [] },
  ];
  writeFileSync(unit, JSON.stringify({ testResults: files }));
  const failed = '<testcase classname="tests.test_a" name="test_b" time="1"><failure message="assert 1 == 2&#10;more">';
  writeFileSync(python, `<testsuite><testcase classname="c" name="fine" time="1" />${failed}</failure></testcase>`);
  expect(vitestFailures(unit)).toEqual([
    "a.test.ts > a sum: AssertionError: 1 is not 2",
    "b.test.ts: Cannot find module",
  ]);
  expect(pytestFailures(python)).toEqual(["tests.test_a > test_b: assert 1 == 2"]);
  expect(vitestFailures(join(dir, "none"))).toEqual([]);
  rmSync(dir, { recursive: true });
});

it("skipped tests are named, those of pytest with the reason", () => {
  const dir = mkdtempSync(join(tmpdir(), "counts-"));
  const [unit, python] = [join(dir, "v.json"), join(dir, "p.xml")];
  const tests = ["passed", "skipped", "pending", "todo"].map((status) => ({ status, fullName: `a ${status} one` }));
  writeFileSync(unit, JSON.stringify({ testResults: [{ name: "a.test.ts", assertionResults: tests }] }));
  const skipped = '<skipped type="pytest.skip" message="no PostgreSQL">x</skipped>';
  const gpu = '<skipped type="pytest.skip" message="needs a GPU">x</skipped></testcase>';
  const many = ["x", "y[0]"].map((name) => `<testcase classname="tests.g" name="${name}" time="0">${gpu}`).join("");
  const one = `<testcase classname="tests.t" name="b" time="1">${skipped}</testcase><testcase name="c" />`;
  writeFileSync(python, one + many);
  expect(vitestSkips(unit)).toEqual(["skipped", "pending", "todo"].map((word) => `a.test.ts > a ${word} one`));
  expect(pytestSkips(python)).toEqual(["tests.t > b: no PostgreSQL", "tests.g: needs a GPU (2 tests)"]);
  rmSync(dir, { recursive: true });
});
