// What `npm test` says at its end, and its exit code.

/** Reasons that no set-up can mend: a machine has a GPU or it has none. */
const HARDWARE = /: (needs|there is) a GPU( \(\d+ tests\))?$/;

/**
 * @typedef {{passed: number, failed: number, skipped: number}} Counts
 * @typedef {{name: string, ok: boolean, seconds: number, counts?: Counts | undefined, failures?: string[] | undefined, skips?: string[] | undefined}} Ended
 */

/**
 * @param {readonly Ended[]} steps
 * @param {boolean} ci a machine of ours: it has, or installs, all that tests want, so there a skip is a test that never
 *   runs, and counts as a failure; a skip for the want of a GPU does not
 * @returns {{lines: string[], code: 0 | 1}}
 */
export function summary(steps, ci) {
  const skips = steps.flatMap(({ skips = [] }) => skips);
  const failures = steps.flatMap(({ failures = [] }) => failures);
  const sum = (/** @type {keyof Counts} */ key) => steps.reduce((all, { counts }) => all + (counts?.[key] ?? 0), 0);
  const bad = steps.filter(({ ok }) => !ok).length;
  const strict = ci && skips.some((skip) => !HARDWARE.test(skip));
  const lines = [
    ...skips.map((skip) => `\nskipped ${skip}`),
    ...failures.map((failure) => `\nFAILED ${failure}`),
    "",
    ...steps.map(lineOf),
    `${steps.length - bad} of ${steps.length} steps passed`,
    `tests: ${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`,
    ...(strict ? ["CI=true: skipped tests count as failed, those for the want of a GPU aside"] : []),
  ];
  return { lines, code: bad > 0 || strict ? 1 : 0 };
}

/** @param {Ended} step */
function lineOf({ name, ok, seconds, counts }) {
  const numbers =
    counts === undefined ? "" : `  ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
  return `${ok ? "ok    " : "FAILED"} ${name.padEnd(17)} ${seconds.toFixed(1).padStart(6)} s${numbers}`;
}
