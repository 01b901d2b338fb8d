/**
 * `npm run soak -- cookbook [--python PYTHON] [--venv DIR] [--only NAMES] [--minutes N]`: tinker-cookbook's recipes
 * against `tagpr engine serve`, unmodified but for local names and data.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COOKBOOK = "tinker-cookbook==0.6.1";
/** What the recipes import and our environment lacks; the cookbook's own list asks for other versions of what it has. */
const BESIDE = ["aiohttp", "blobfile", "chz", "dill", "multiprocess", "pandas", "pillow", "pyarrow", "pyrage"].concat([
  "termcolor",
  "tiktoken",
  "xxhash",
  "fsspec",
]);
const UNASKED = [COOKBOOK, "datasets"];
const RECIPES = ["sft", "resume", "rl-sync", "rl-async", "rl-ppo-kl", "rl-cispo", "rl-temperature", "dpo"].concat([
  "distil-on-policy",
  "distil-off-policy",
  "sdft",
  "sdft-reverse",
]);
const TOKEN = "tml-soak-cookbook"; // the SDK wants this prefix

const { values } = parseArgs({
  options: {
    python: { type: "string", default: join(ROOT, ".venv/bin/python") },
    venv: { type: "string", default: join(ROOT, ".cache/cookbook") },
    only: { type: "string", default: RECIPES.join(",") },
    minutes: { type: "string", default: "10" },
    model: { type: "string", default: join(ROOT, "models/nano") },
  },
});

/** Its own environment: our packages are seen from it and never changed by it. */
function environment(venv: string): string {
  const python = join(venv, "bin/python");
  const run = (file: string, ...args: string[]): string => {
    const done = spawnSync(file, args, { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${file} ${args.join(" ")}\n${done.stderr}`);
    return done.stdout.trim();
  };
  if (existsSync(join(venv, "ready"))) return python;
  run(values.python, "-m", "venv", venv);
  const site = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  writeFileSync(join(run(python, "-c", site), "ours.pth"), `${run(values.python, "-c", site)}\n`);
  run(python, "-m", "pip", "install", "-q", ...BESIDE);
  run(python, "-m", "pip", "install", "-q", "--no-deps", ...UNASKED);
  writeFileSync(join(venv, "ready"), "");
  return python;
}

/** The engine as a person starts it; answers when it takes requests. */
async function serve(store: string): Promise<{ engine: ChildProcess; url: string }> {
  const tagpr = [join(ROOT, "node_modules/.bin/tsx"), join(ROOT, "src/cli/main.ts")];
  // In bf16 the sampler's log-probs and the trainer's are a thousandth apart; here they are compared.
  const args = ["engine", "serve", "--model", values.model, "--store", store, "--threads", "1", "--dtype", "float32"];
  const env = { ...process.env, TINKER_API_KEY: TOKEN };
  const engine = spawn(process.execPath, [...tagpr, ...args], { env, stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: engine.stdout })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) return { engine, url };
  }
  throw new Error("the engine did not start");
}

function recipe(python: string, name: string, url: string, out: string): Promise<{ ok: boolean; said: string }> {
  const file = fileURLToPath(new URL("./cookbook/recipes.py", import.meta.url));
  const env = { ...process.env, TINKER_BASE_URL: url, TINKER_API_KEY: TOKEN, HF_HUB_OFFLINE: "1", WANDB_MODE: "off" };
  const child = spawn(python, [file, name, resolve(values.model), out], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: Number(values.minutes) * 60_000,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-20_000);
    });
  return new Promise((done) => child.on("close", (code) => done({ ok: code === 0, said })));
}

const python = environment(resolve(values.venv));
const folder = mkdtempSync(join(tmpdir(), "tagpr-cookbook-"));
const { engine, url } = await serve(join(folder, "store"));
const failed: string[] = [];
try {
  for (const name of values.only.split(",")) {
    const begun = performance.now();
    const { ok, said } = await recipe(python, name, url, join(folder, name));
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    const last =
      said
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .at(-1) ?? "";
    console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(18)} ${seconds.padStart(4)} s  ${ok ? last : ""}`);
    if (!ok) {
      failed.push(name);
      console.log(said.split("\n").slice(-30).join("\n"));
    }
  }
} finally {
  engine.stdin?.end();
  engine.kill();
  rmSync(folder, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.log(`${failed.length} failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
