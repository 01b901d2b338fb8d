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

/** "file > test: first line of what went wrong" of each failed test of a vitest JSON report. @param {string} path @returns {string[]} */
export function vitestFailures(path) {
  const { testResults = [] } = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  return testResults.flatMap((/** @type {any} */ file) => {
    const failed = file.assertionResults.filter((/** @type {any} */ test) => test.status === "failed");
    const own = failed.map(
      (/** @type {any} */ test) => `${file.name} > ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`,
    );
    return own.length === 0 && file.status === "failed" ? [`${file.name}: ${firstLine(file.message)}`] : own;
  });
}

/** The same of a pytest JUnit report. @param {string} path @returns {string[]} */
export function pytestFailures(path) {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const found = text.matchAll(
    /<testcase classname="([^"]*)" name="([^"]*)"[^>]*><(?:failure|error) message="([^"]*)"/g,
  );
  return [...found].map(([, file, test, message]) => `${file} > ${test}: ${firstLine(message)}`);
}

/** "file > test" of each skipped test of a vitest JSON report. @param {string} path @returns {string[]} */
export function vitestSkips(path) {
  const { testResults = [] } = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  return testResults.flatMap((/** @type {any} */ file) =>
    file.assertionResults
      .filter((/** @type {any} */ { status }) => status === "pending" || status === "skipped" || status === "todo")
      .map((/** @type {any} */ test) => `${file.name} > ${test.fullName}`),
  );
}

/**
 * The same of a pytest JUnit report, with the reason; one line a file where several tests of it have the same reason.
 * @param {string} path @returns {string[]}
 */
export function pytestSkips(path) {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const found = text.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*><skipped [^>]*?message="([^"]*)"/g);
  /** @type {Map<string, {file: string | undefined, why: string, tests: (string | undefined)[]}>} */
  const groups = new Map();
  for (const [, file, test, message] of found) {
    const why = firstLine(message);
    const group = groups.get(`${file}: ${why}`) ?? { file, why, tests: [] };
    group.tests.push(test);
    groups.set(`${file}: ${why}`, group);
  }
  return [...groups.values()].map(({ file, why, tests }) =>
    tests.length === 1 ? `${file} > ${tests[0]}: ${why}` : `${file}: ${why} (${tests.length} tests)`,
  );
}

const firstLine = (/** @type {string | undefined} */ text) => (text ?? "").split(/\n|&#10;/)[0]?.slice(0, 300) ?? "";
