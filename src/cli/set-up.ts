import { spawn } from "node:child_process";
import { join } from "node:path";
import { homeOf, isCheckout, packageRoot } from "../core/installation.ts";
import type { Io } from "./io.ts";

export interface SetUp {
  readonly models: boolean;
  /** The Python to make the environment with; undefined: set-up looks for one. */
  readonly python: string | undefined;
  /** In a clone too the Python side alone: whoever asks is running what the other side builds. */
  readonly pythonOnly?: boolean;
}

/** Runs `setup/setup.mjs`, which needs nothing built, and answers its exit code. */
export async function setUp(io: Io, { models, python, pythonOnly = false }: SetUp): Promise<number> {
  const whole = isCheckout() && !io.env.TAGPR_HOME && !pythonOnly;
  const args = [
    join(packageRoot(), "setup", "setup.mjs"),
    ...(whole ? [] : ["--venv", homeOf(io.env).venv]),
    ...(models ? [] : ["--no-models"]),
    ...(python === undefined ? [] : ["--python", python]),
  ];
  const child = spawn(process.execPath, args, { cwd: io.cwd, env: io.env, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.setEncoding("utf8").on("data", io.err);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}
