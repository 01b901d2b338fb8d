#!/usr/bin/env node
// Set-up from a fresh clone: npm packages, a virtual environment under the checkout, the build. Needs Node and Python
// and nothing else; a second run finds everything done and takes well under a second.
//   node scripts/setup.mjs          what `npm start` needs
//   node scripts/setup.mjs --dev    and what the tests need
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, checkNode, installPackages } from "./lib/node.mjs";
import { SetupProblem } from "./lib/problem.mjs";
import { installPython } from "./lib/python.mjs";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Does what is not done yet, a line a step. Throws a `SetupProblem`.
 * @param {{dev?: boolean, say?: (line: string) => void}} options
 */
export function setup({ dev = false, say = (line) => console.error(`set-up: ${line}`) } = {}) {
  checkNode(process.version);
  installPackages(ROOT, say);
  installPython(ROOT, dev, say);
  build(ROOT, say);
}

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

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  await orExplain(() => {
    setup({ dev: process.argv.includes("--dev") });
    console.error("set-up: done");
  });
