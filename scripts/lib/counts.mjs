import { existsSync, readFileSync } from "node:fs";

/** Numbers of a vitest JSON report; all 0 when there is none. @param {string} path */
export function vitestCounts(path) {
  const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  return {
    passed: report.numPassedTests ?? 0,
    failed: report.numFailedTests ?? 0,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
  };
}

/** Numbers of a pytest JUnit report. @param {string} path */
export function pytestCounts(path) {
  const head = existsSync(path) ? (/<testsuite [^>]*>/.exec(readFileSync(path, "utf8"))?.[0] ?? "") : "";
  const number = (/** @type {string} */ name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  return { passed: number("tests") - failed - number("skipped"), failed, skipped: number("skipped") };
}
