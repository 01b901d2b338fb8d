// What went wrong in set-up, as one sentence and what to do.

/** A failure that a person can mend; printed without a traceback. */
export class SetupProblem extends Error {
  /**
   * @param {string} message
   * @param {string} hint
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

const CAUSES = [
  {
    signs: /ENOSPC|No space left on device|disk quota/i,
    text: "the disk is full",
    hint: "Make room (the Python packages need about 7 GB), then run the same command again.",
  },
  {
    signs:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|name resolution|NewConnectionError|ConnectTimeout|Network is unreachable|dns error|error sending request|Failed to fetch|Could not find a version that satisfies/i,
    text: "the package registry can't be reached",
    hint: "Check the network and the proxy settings (HTTPS_PROXY, npm config, pip config), then run the same command again.",
  },
  {
    signs: /EACCES|EPERM|Permission denied/i,
    text: "permission denied",
    hint: "The folder must be writable by you: don't use sudo, and see `tagpr doctor` for the folders.",
  },
];

/**
 * The problem behind a failed command, read off what it printed.
 * @param {string} step what was being done, e.g. `npm packages`
 * @param {string} output
 */
export function diagnose(step, output) {
  const cause = CAUSES.find(({ signs }) => signs.test(output));
  if (cause !== undefined) return new SetupProblem(`${step}: ${cause.text}`, cause.hint);
  // npm says what is wrong first and how to use npm last; compilers say it last.
  const lines = output
    .trim()
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^npm (warn|notice)/.test(line));
  const tail = (lines[0]?.startsWith("npm error") ? lines.slice(0, 6) : lines.slice(-6)).join("\n");
  return new SetupProblem(`${step}: the command failed`, `It said:\n${tail}`);
}
