/**
 * `npm run bench -- export [RUN…] [--python PYTHON] [--venv DIR]`: is an export read alike by transformers 5 and by 4.57,
 * the last that reads the older form (vLLM and converters read it too)? A tiny model of theta 1,000,000 as an export
 * writes it, and as transformers 5 alone would; then the runs whose folders are given, by `tagpr export --also-python`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../src/core/installation.ts";
import { readJson, writeJson } from "../src/core/jsonl.ts";
import { makeVerifier } from "../src/engine/verify.ts";
import { settleConfig, settleTokenizer } from "../src/run/export/settle.ts";

const OLDER = "transformers==4.57.6";
const THETA = 1_000_000;
/** fp32 on the CPU; two versions order their sums alike on so small a model. */
const TOLERANCE = 1e-5;

const { values, positionals: runs } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: join(packageRoot(), ".venv/bin/python") },
    venv: { type: "string", default: join(packageRoot(), ".cache/transformers-4.57") },
  },
});

function run(file: string, ...args: string[]): string {
  const done = spawnSync(file, args, { encoding: "utf8", cwd: packageRoot() });
  if (done.status !== 0) throw new Error(`${file} ${args.join(" ")}\n${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}

/** An environment with the older transformers before ours, whose torch it uses. */
function olderPython(): string {
  const python = join(values.venv, "bin/python");
  if (existsSync(join(values.venv, "ready"))) return python;
  run(values.python, "-m", "venv", values.venv);
  const site = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  run(python, "-m", "pip", "install", "-q", OLDER);
  writeFileSync(join(run(python, "-c", site), "zz-ours.pth"), `${run(values.python, "-c", site)}\n`);
  writeFileSync(join(values.venv, "ready"), "");
  return python;
}

const probes = [0, 1, 2].map((i) => ({
  prompt: Array.from({ length: 20 + 30 * i }, (_, t) => 3 + ((17 * t + i) % 900)),
  tokens: [5, 80 + i, 700, 12],
}));

/** The largest difference between what two Pythons make of a folder, nats a token. */
async function apart(folder: string, pythons: readonly [string, string]): Promise<number> {
  const [newer = [], older = []] = await Promise.all(
    pythons.map((python) => makeVerifier(python, process.env).policy(folder, probes)),
  );
  const pairs = newer.flatMap(({ logprobs }, i) => logprobs.map((value, t) => [value, older[i]?.logprobs[t]] as const));
  return Math.max(...pairs.map(([a, b]) => (b === undefined ? Number.POSITIVE_INFINITY : Math.abs(a - b))));
}

const older = olderPython();
const version = (python: string): string => run(python, "-c", "import transformers; print(transformers.__version__)");
console.log(`transformers ${version(values.python)} and ${version(older)}`);
const folder = mkdtempSync(join(tmpdir(), "tagpr-readers-"));
try {
  cpSync(join(packageRoot(), "fixtures", "skyrl", "tiny-qwen3"), folder, { recursive: true });
  const path = join(folder, "config.json");
  writeJson(path, { ...readJson<object>(path), rope_parameters: { rope_theta: THETA, rope_type: "default" } });
  settleTokenizer(folder);
  const alone = await apart(folder, [values.python, older]);
  settleConfig(folder);
  const settled = await apart(folder, [values.python, older]);
  console.log(`as transformers 5 writes it: ${alone.toExponential(1)} nats apart at most`);
  console.log(`as an export writes it:      ${settled.toExponential(1)}`);
  if (!(settled <= TOLERANCE)) throw new Error(`two readers differ by ${settled}, more than ${TOLERANCE}`);
  if (!(alone > TOLERANCE)) throw new Error("both readers agree without the older form: this bench sees nothing");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const one of runs) {
  const out = mkdtempSync(join(tmpdir(), "tagpr-export-"));
  try {
    const cli = ["--import", "tsx", join(packageRoot(), "src", "cli", "main.ts")];
    console.log(run(process.execPath, ...cli, "export", one, "--out", join(out, "model"), "--also-python", older));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
