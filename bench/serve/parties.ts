import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../src/core/installation.ts";
import type { Asked } from "./asked.ts";
import { type Answered, streamed } from "./load.ts";

/** A server that was started for this, on the same model. */
export interface Party {
  readonly name: string;
  ask(asked: Asked, newTokens: number): Promise<Answered>;
  /** Processor seconds so far, of the server and of what it started; 0 where there is no /proc. */
  cpu(): number;
  stop(): Promise<void>;
}

export interface PartyOptions {
  readonly folder: string;
  readonly task: string;
  readonly python: string;
  readonly threads: number;
  readonly cache: string;
}

const USAGE = { stream_options: { include_usage: true }, temperature: 0 };

/** `tagpr serve`, its engine beside it. */
export async function ours({ folder, task, threads }: PartyOptions): Promise<Party> {
  const token = "bench-serve-token";
  const cli = join(packageRoot(), "src/cli/main.ts");
  const args = ["--import", "tsx", cli, "serve", folder, "--task", task, "--port", "0", "--dtype", "float32"];
  const env = { ...process.env, TAGPR_SERVE_TOKEN: token, OMP_NUM_THREADS: String(threads) };
  const { child, line } = await ready(process.execPath, args, env, /^ready (\S+)/);
  const headers = { authorization: `Bearer ${token}` };
  const url = `${new URL(line).origin}/v1/chat/completions`;
  return {
    name: "tagpr serve",
    ask: ({ items, query }, max_tokens) =>
      streamed(url, { messages: [{ role: "user", content: query }], tagpr: { items }, max_tokens, ...USAGE }, headers),
    cpu: () => cpuOf(child.pid),
    stop: () => ended(child),
  };
}

/** llama.cpp's server, by the path of its binary, on a GGUF of the folder. Prompts go as token ids. */
export async function llama(binary: string, { folder, python, threads, cache }: PartyOptions): Promise<Party> {
  const file = join(cache, "model-f32.gguf");
  const made = spawnSync(python, [join(packageRoot(), "bench/peers/gguf_of.py"), folder, file], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(made.stderr);
  const port = 18_431;
  const args = ["-m", file, "--port", String(port), "-t", String(threads), "-np", "32", "-c", String(32 * 1024)];
  const { child } = await ready(binary, [...args, "--no-webui"], process.env, /server is listening|listening on/);
  const url = `http://127.0.0.1:${port}/v1/completions`;
  return {
    name: "llama.cpp",
    ask: ({ prompt }, max_tokens) =>
      streamed(url, { prompt, max_tokens, cache_prompt: false, ignore_eos: true, ...USAGE }),
    cpu: () => cpuOf(child.pid),
    stop: () => ended(child),
  };
}

/** `transformers serve`, in an environment with what it wants beside ours. */
export async function transformers({ folder, python, threads, cache }: PartyOptions): Promise<Party> {
  const own = servingPython(python, cache);
  const port = 18_432;
  const args = ["-m", "transformers.cli.transformers", "serve", folder, "--port", String(port), "--host", "127.0.0.1"];
  const more = ["--device", "cpu", "--dtype", "float32", "--continuous-batching"];
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), HF_HUB_OFFLINE: "1" };
  const { child } = await ready(own, [...args, ...more], env, /Uvicorn running|Application startup complete/);
  const url = `http://127.0.0.1:${port}/v1/chat/completions`;
  return {
    name: "transformers serve",
    ask: ({ messages }, max_tokens) => streamed(url, { model: folder, messages, max_tokens, ...USAGE }),
    cpu: () => cpuOf(child.pid),
    stop: () => ended(child),
  };
}

function servingPython(python: string, cache: string): string {
  const venv = join(cache, "transformers-serve");
  const own = join(venv, "bin/python");
  if (existsSync(join(venv, "ready"))) return own;
  const run = (file: string, ...args: string[]): string => {
    const done = spawnSync(file, args, { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${file} ${args.join(" ")}\n${done.stdout}${done.stderr}`);
    return done.stdout.trim();
  };
  run(python, "-m", "venv", venv);
  const site = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  writeFileSync(join(run(own, "-c", site), "zz-ours.pth"), `${run(python, "-c", site)}\n`);
  run(own, "-m", "pip", "install", "-q", "fastapi", "openai", "rich", "uvicorn", "pydantic");
  writeFileSync(join(venv, "ready"), "");
  return own;
}

interface Ready {
  readonly child: ChildProcess;
  /** What the pattern caught, or the line. */
  readonly line: string;
}

/** Starts a server and waits for the line that says it is there. Throws with what it said where it ends before. */
function ready(file: string, args: string[], env: NodeJS.ProcessEnv, pattern: RegExp): Promise<Ready> {
  const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"], cwd: packageRoot() });
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on("line", (line) => {
        said.push(line);
        const found = pattern.exec(line);
        if (found !== null) resolve({ child, line: found[1] ?? line });
      });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${file} ended (${code}):\n${said.slice(-20).join("\n")}`)));
  });
}

const TICKS = 100; // a second, on every Linux

function cpuOf(pid: number | undefined): number {
  if (pid === undefined || !existsSync(`/proc/${pid}/stat`)) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return (Number(fields[11]) + Number(fields[12])) / TICKS + children.reduce((sum, one) => sum + cpuOf(one), 0);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGINT");
    setTimeout(() => child.kill("SIGKILL"), 10_000).unref();
  });
}
