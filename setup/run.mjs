import { spawnSync } from "node:child_process";
import { diagnose, SetupProblem } from "./problem.mjs";

/**
 * Runs a command and keeps its output for {@link diagnose}; prints nothing.
 * @param {string} step
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export function run(step, command, args, cwd) {
  const done = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
    // npm is a .cmd file on Windows, which only a shell starts.
    shell: process.platform === "win32" && command === "npm",
  });
  if (done.signal !== null)
    throw new SetupProblem(`${step}: stopped`, "Run the same command again: it goes on from there.");
  if (done.status === 0) return done.stdout;
  throw diagnose(step, `${done.stdout ?? ""}\n${done.stderr ?? ""}\n${done.error?.message ?? ""}`);
}

/**
 * What a command prints, or null when it can't be run or fails.
 * @param {string} command
 * @param {readonly string[]} args
 */
export function tryRun(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return done.status === 0 ? done.stdout : null;
}
