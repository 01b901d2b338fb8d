#!/usr/bin/env node
// `npm test`: set-up, then every check and every test, TypeScript and Python, with one summary at the end. The unit
// tests run beside the other steps, whose output comes when each has ended.
//   npm test -- unit python    only these steps
// Skipped tests are named; with CI=true they count as failed, except where it is a GPU that is wanting.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { venvPython } from "../setup/python.mjs";
import { orExplain, ROOT, setup } from "../setup/setup.mjs";
import { pytestCounts, pytestFailures, pytestSkips, vitestCounts, vitestFailures, vitestSkips } from "./counts.mjs";
import { summary } from "./summary.mjs";

const python = venvPython(join(ROOT, ".venv"));
const out = mkdtempSync(join(tmpdir(), "tagpr-test-"));
const TARBALL = join(".cache", "tagpr.tgz");
const bin = (/** @type {string} */ path) => [process.execPath, join("node_modules", ...path.split("/"))];

/** @typedef {{name: string, argv: string[], cwd?: string, counts?: () => {passed: number, failed: number, skipped: number}, failures?: () => string[], skips?: () => string[]}} Step */
/** @type {Step[]} */
const STEPS = [
  { name: "lint", argv: [...bin("@biomejs/biome/bin/biome"), "check", "."] },
  { name: "types", argv: [...bin("typescript/bin/tsc"), "--noEmit"] },
  { name: "types of scripts", argv: [...bin("typescript/bin/tsc"), "-p", "scripts"] },
  {
    name: "imports",
    argv: [...bin("dependency-cruiser/bin/dependency-cruise.mjs"), "--config", ".dependency-cruiser.cjs", "src"],
  },
  { name: "dead code", argv: [...bin("knip/bin/knip.js")] },
  { name: "api pages", argv: [...bin("typedoc/bin/typedoc"), "--emit", "none"] },
  { name: "pack", argv: [process.execPath, join("scripts", "pack.mjs"), TARBALL] },
  { name: "package", argv: [...bin("publint/src/cli.js"), "run", TARBALL, "--strict"] },
  {
    name: "types of package",
    argv: [...bin("@arethetypeswrong/cli/dist/index.js"), TARBALL, "--profile", "esm-only", "--format", "ascii"],
  },
  { name: "python lint", argv: [python, "-m", "ruff", "check", "."], cwd: "engine" },
  { name: "python types", argv: [python, "-m", "pyright", "--pythonpath", python], cwd: "engine" },
  {
    name: "unit",
    argv: [
      ...bin("vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${out}/vitest.json`,
    ],
    counts: () => vitestCounts(join(out, "vitest.json")),
    failures: () => vitestFailures(join(out, "vitest.json")),
    skips: () => vitestSkips(join(out, "vitest.json")),
  },
  {
    name: "python",
    argv: [python, "-m", "pytest", "-q", `--junitxml=${out}/pytest.xml`],
    cwd: "engine",
    counts: () => pytestCounts(join(out, "pytest.xml")),
    failures: () => pytestFailures(join(out, "pytest.xml")),
    skips: () => pytestSkips(join(out, "pytest.xml")),
  },
];

/** Runs one step; answers whether it passed and its seconds. @param {Step} step @param {boolean} live */
async function run(step, live) {
  if (live) console.log(`\n=== ${step.name}`);
  const started = Date.now();
  const [command = "", ...args] = step.argv;
  const env = { ...process.env, TAGPR_PYTHON: python };
  /** @type {import("node:child_process").StdioOptions} */
  const stdio = live ? "inherit" : ["ignore", "pipe", "pipe"];
  const child = spawn(command, args, { cwd: join(ROOT, step.cwd ?? "."), stdio, env });
  /** @type {Buffer[]} */
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => said.push(chunk));
  const status = await new Promise((resolve) => {
    child.on("error", (error) => {
      said.push(Buffer.from(`${error.message}\n`));
      resolve(1);
    });
    child.on("close", resolve);
  });
  if (!live) process.stdout.write(`\n=== ${step.name}\n${Buffer.concat(said)}`);
  return { step, ok: status === 0, seconds: (Date.now() - started) / 1000 };
}

/** @param {Step[]} steps @param {boolean} live */
async function inTurn(steps, live) {
  const ended = [];
  for (const step of steps) ended.push(await run(step, live));
  return ended;
}

await orExplain(async () => {
  const only = process.argv.slice(2);
  const unknown = only.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`There is no step ${unknown.join(", ")}. There are: ${STEPS.map(({ name }) => name).join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  setup({ dev: true });
  const asked = STEPS.filter(({ name }) => only.length === 0 || only.includes(name));
  const unit = asked.filter(({ name }) => name === "unit");
  const others = asked.filter(({ name }) => name !== "unit");
  const ended = (await Promise.all([inTurn(unit, true), inTurn(others, unit.length === 0)])).flat();
  const { lines, code } = summary(
    ended.map(({ step: { name, counts, failures, skips }, ok, seconds }) => ({
      name,
      ok,
      seconds,
      counts: counts?.(),
      failures: failures?.(),
      skips: skips?.(),
    })),
    process.env.CI === "true",
  );
  rmSync(out, { recursive: true, force: true });
  console.log(lines.join("\n"));
  process.exitCode = code;
});
