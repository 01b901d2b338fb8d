#!/usr/bin/env node
// `npm test`: set-up, then every check and every test, TypeScript and Python, with one summary at the end.
//   npm test -- unit python    only these steps
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pytestCounts, pytestFailures, vitestCounts, vitestFailures } from "./lib/counts.mjs";
import { venvPython } from "./lib/python.mjs";
import { orExplain, ROOT, setup } from "./setup.mjs";

const python = venvPython(ROOT);
const out = mkdtempSync(join(tmpdir(), "tagpr-test-"));
const bin = (/** @type {string} */ path) => [process.execPath, join("node_modules", ...path.split("/"))];

/** @type {{name: string, argv: string[], cwd?: string, counts?: () => {passed: number, failed: number, skipped: number}, failures?: () => string[]}[]} */
const STEPS = [
  { name: "lint", argv: [...bin("@biomejs/biome/bin/biome"), "check", "."] },
  { name: "types", argv: [...bin("typescript/bin/tsc"), "--noEmit"] },
  { name: "types of scripts", argv: [...bin("typescript/bin/tsc"), "-p", "scripts"] },
  {
    name: "imports",
    argv: [...bin("dependency-cruiser/bin/dependency-cruise.mjs"), "--config", ".dependency-cruiser.cjs", "src"],
  },
  { name: "dead code", argv: [...bin("knip/bin/knip.js")] },
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
  },
  {
    name: "python",
    argv: [python, "-m", "pytest", "-q", `--junitxml=${out}/pytest.xml`],
    cwd: "engine",
    counts: () => pytestCounts(join(out, "pytest.xml")),
    failures: () => pytestFailures(join(out, "pytest.xml")),
  },
];

await orExplain(() => {
  setup({ dev: true });
  const only = process.argv.slice(2);
  const lines = [];
  /** @type {string[]} */
  const failures = [];
  const sum = { passed: 0, failed: 0, skipped: 0 };
  let bad = 0;
  for (const step of STEPS.filter(({ name }) => only.length === 0 || only.includes(name))) {
    console.log(`\n=== ${step.name}`);
    const started = Date.now();
    const [command = "", ...args] = step.argv;
    const env = { ...process.env, TAGPR_PYTHON: python };
    const { status } = spawnSync(command, args, { cwd: join(ROOT, step.cwd ?? "."), stdio: "inherit", env });
    const ok = status === 0;
    if (!ok) bad++;
    const counts = step.counts?.();
    failures.push(...(step.failures?.() ?? []));
    for (const key of /** @type {const} */ (["passed", "failed", "skipped"])) sum[key] += counts?.[key] ?? 0;
    const numbers =
      counts === undefined ? "" : `  ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
    lines.push(
      `${ok ? "ok    " : "FAILED"} ${step.name.padEnd(17)} ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s${numbers}`,
    );
  }
  rmSync(out, { recursive: true, force: true });
  for (const failure of failures) console.log(`\nFAILED ${failure}`);
  console.log(`\n${lines.join("\n")}`);
  console.log(`${lines.length - bad} of ${lines.length} steps passed`);
  console.log(`tests: ${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  if (bad > 0) process.exitCode = 1;
});
