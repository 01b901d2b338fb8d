#!/usr/bin/env node
// Set-up: in a clone the npm packages, the build and a Python environment in `.venv`; of an installed package the Python
// environment alone, in the folder that `tagpr setup` names. Needs Node and Python and nothing else; a second run finds
// everything done and takes well under a second.
//   node setup/setup.mjs [--dev] [--no-models] [--python PATH] [--venv DIR]
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, checkNode, installPackages } from "./node.mjs";
import { SetupProblem } from "./problem.mjs";
import { installPython } from "./python.mjs";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Does what is not done yet, a line a step. Throws a `SetupProblem`.
 * @param {{dev?: boolean, models?: boolean, base?: string | undefined, venv?: string | undefined, say?: (line: string) => void}} options
 *   `dev`: what the tests need too. `models`: those that come as packages. `base`: the Python to make the environment
 *   with. `venv`: make the Python environment alone, there.
 */
export function setup({ dev = false, models = true, base, venv, say = tell } = {}) {
  checkNode(process.version);
  if (venv === undefined) installPackages(ROOT, say);
  const python = base ?? process.env.TAGPR_BASE_PYTHON;
  installPython({ root: ROOT, venv: venv ?? join(ROOT, ".venv"), dev, models, base: python, say });
  if (venv === undefined) build(ROOT, say);
}

const tell = (/** @type {string} */ line) => console.error(`set-up: ${line}`);

/**
 * Runs `main`, and turns a `SetupProblem` into its two lines and exit code 6 (environment).
 * @param {() => unknown} main
 */
export async function orExplain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(`tagpr: ${error.message}\n  ${error.hint.replaceAll("\n", "\n  ")}`);
    process.exitCode = 6;
  }
}

/** @param {readonly string[]} args */
function flags(args) {
  /** @type {Record<string, {type: "boolean" | "string"}>} */
  const options = {
    dev: { type: "boolean" },
    "no-models": { type: "boolean" },
    python: { type: "string" },
    venv: { type: "string" },
  };
  const { values } = parseArgs({ args: [...args], options, strict: true });
  return values;
}

/** The command: `npm run setup`, and what `tagpr setup` calls. @param {readonly string[]} args */
export async function main(args) {
  let given;
  try {
    given = flags(args);
  } catch (error) {
    console.error(`tagpr: set-up: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 2;
    return;
  }
  const { dev, python, venv } = given;
  const path = (/** @type {unknown} */ value) => (typeof value === "string" ? value : undefined);
  await orExplain(() => {
    const base = path(python);
    // A path is meant from where the command stands; a bare name is looked up.
    const found = base !== undefined && existsSync(base) ? resolve(base) : base;
    setup({ dev: dev === true, models: given["no-models"] !== true, base: found, venv: path(venv) });
    console.error("set-up: done");
  });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  await main(process.argv.slice(2));
