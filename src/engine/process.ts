import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { delimiter, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { messageOf, TagprError } from "../core/errors.ts";
import { packageRoot } from "../core/installation.ts";
import { SETUP_HINT } from "./requirements.ts";

/** How the embedded engine is started; processes with equal settings can be one. */
export interface EmbeddedSettings {
  /** `auto`: the engine measures, as it starts. */
  readonly dtype: "auto" | "float32" | "bfloat16";
  /** `auto`: a GPU where PyTorch sees one. */
  readonly device: "auto" | "cpu" | "cuda";
  /** 0 = all cores. */
  readonly threads: number;
  /** Distinct tokens of one pass (default: the engine's, 8192). */
  readonly tokenBudget?: number;
  /** Tokens of keys and values that are held at once in sampling (default: the engine's, 400,000). */
  readonly cacheTokens?: number;
  /** Compute activations again in the backward pass instead of keeping them. */
  readonly recompute?: boolean;
}

export interface SpawnOptions extends EmbeddedSettings {
  /** The Python that has the engine's requirements. */
  readonly python: string;
  /** Folders of the base models that it serves. */
  readonly models: readonly string[];
  /** Folder of saved weights. */
  readonly store: string;
  /** Folder under which model names are looked up. */
  readonly modelsDir: string;
  /** The port to listen on; 0 = any free one. */
  readonly port?: number;
  readonly token?: string;
  /** Seconds of silence that end a client's session (default: the engine's, 300). */
  readonly sessionTimeout?: number;
  /** This process is the engine's only client: its silence is a suspended command or a closed lid, and ends nothing. */
  readonly owned?: boolean;
  /** Each line that the engine logs. */
  readonly onLog?: (line: string) => void;
  /** The environment that the engine inherits; only the command line reads the real one. */
  readonly env: Environment;
}

export type Environment = Readonly<Record<string, string | undefined>>;
type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A running engine. It ends by itself when this process does: its standard input closes. */
export interface EngineProcess {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Aborted when the engine has died, with a `TagprError` that says how as its reason. */
  readonly lost: AbortSignal;
  stop(): Promise<void>;
}

/** The Python package comes with TagPR. */
export const PACKAGE_DIR = join(packageRoot(), "engine");
const TAIL_LINES = 12;
const GRACE_MS = 5000;
/** Loading torch takes seconds; from a cold disk, on a busy machine, minutes. */
const START_MS = 600_000;

/** Starts `python -m tagpr_engine serve` and waits for its `ready` line. */
export async function spawnEngine(options: SpawnOptions): Promise<EngineProcess> {
  const token = options.token ?? randomBytes(24).toString("hex");
  // Its own process group: Ctrl-C goes to us alone, and the engine lives until the work at hand has been put away.
  const child = spawn(options.python, serveArgs(options), {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...options.env, PYTHONPATH: pythonPath(options.env), PYTHONUNBUFFERED: "1", TINKER_API_KEY: token },
  });
  const died = new AbortController();
  const tail = keepTail(child, options.onLog);
  let ready = false;
  const gone = watchDeath(child, (how) => died.abort(deathOf(options.python, how, tail, ready)));
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  const url = await readyLine(child, died.signal).catch((error: unknown) => {
    kill();
    throw error;
  });
  ready = true;
  letGo(child);
  return {
    url,
    token,
    pid: child.pid ?? -1,
    lost: died.signal,
    stop: async () => {
      died.abort(new TagprError("engine", "the engine was closed"));
      hold(child);
      child.stdin.end();
      child.kill("SIGTERM");
      const timer = setTimeout(kill, GRACE_MS);
      await gone;
      clearTimeout(timer);
      process.removeListener("exit", kill);
    },
  };
}

function serveArgs(options: SpawnOptions): string[] {
  const { port, models, store, modelsDir, dtype, device, threads, tokenBudget, cacheTokens, recompute } = options;
  const { owned, sessionTimeout } = options;
  return [
    ...["-m", "tagpr_engine", "serve", "--port", String(port ?? 0), "--watch-stdin"],
    ...models.flatMap((model) => ["--model", model]),
    ...["--store", resolve(store), "--models-dir", resolve(modelsDir)],
    ...["--dtype", dtype, "--device", device],
    ...(threads > 0 ? ["--threads", String(threads)] : []),
    ...(tokenBudget === undefined ? [] : ["--token-budget", String(tokenBudget)]),
    ...(cacheTokens === undefined ? [] : ["--cache-tokens", String(cacheTokens)]),
    ...(recompute === true ? ["--recompute"] : []),
    ...(owned === true ? ["--owned"] : []),
    ...(sessionTimeout === undefined ? [] : ["--session-timeout", String(sessionTimeout)]),
  ];
}

/** The package is found without being installed. */
export const pythonPath = (env: Environment): string =>
  [PACKAGE_DIR, env.PYTHONPATH ?? ""].filter((part) => part !== "").join(delimiter);

/** The last lines of standard error, kept up to date. */
function keepTail(child: Child, onLog: ((line: string) => void) | undefined): readonly string[] {
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    onLog?.(line);
  });
  return tail;
}

/** Resolves when the process is gone and its output read to the end. */
function watchDeath(child: Child, report: (how: string) => void): Promise<void> {
  return new Promise((done) => {
    child.once("error", (error) => {
      report(messageOf(error));
      done();
    });
    child.once("close", (code, signal) => {
      report(signal === null ? `exit code ${code}` : `signal ${signal}`);
      done();
    });
  });
}

/** `python -m tagpr_engine` ends with it where it was asked for what it can't do; its last line says what. */
const REFUSED = "exit code 2";

/**
 * One sentence that says how, its last line of log, and what to do. An engine that gave up while starting would do so
 * again; one that was ready, or was killed, is lost: another may do better.
 */
function deathOf(python: string, how: string, tail: readonly string[], ready: boolean): TagprError {
  if (how.includes("ENOENT"))
    return new TagprError("environment", `the engine can't be started: there is no Python at ${python}`, {
      hint: SETUP_HINT,
    });
  const last = tail.findLast((line) => line.trim() !== "");
  if (how === REFUSED && !ready && last !== undefined)
    return new TagprError("usage", last.replace(/^tagpr_engine( \w+)?: (error: )?/, "the engine: "));
  const killed =
    how === "signal SIGKILL"
      ? "Killed from outside, perhaps because memory ran out: try smaller batches or shorter answers. "
      : "";
  const log = tail.length > 0 ? `\nIts last lines:\n${tail.map((line) => `  ${line}`).join("\n")}` : "";
  const lost = ready || how.startsWith("signal");
  const advice = lost ? "Run the same command again: it goes on from its last checkpoint." : "Run `tagpr doctor`.";
  return new TagprError(
    lost ? "engine_lost" : "engine",
    `the engine stopped (${how})${last === undefined ? "" : `: ${last.trim()}`}`,
    { hint: `${killed}${advice}${log}` },
  );
}

/** The url of the line `ready http://…`. */
function readyLine(child: Child, lost: AbortSignal): Promise<string> {
  return new Promise((ready, fail) => {
    const timer = setTimeout(
      () =>
        fail(
          new TagprError("engine", `the engine was not ready after ${START_MS / 1000} s`, {
            hint: "Try again, or run `tagpr doctor`.",
          }),
        ),
      START_MS,
    );
    const done = (): void => {
      clearTimeout(timer);
      lost.removeEventListener("abort", onLost);
    };
    const onLost = (): void => {
      done();
      fail(lost.reason);
    };
    lost.addEventListener("abort", onLost, { once: true });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /^ready (https?:\/\/\S+)/.exec(line)?.[1];
      if (url === undefined) return;
      done();
      ready(url);
    });
  });
}

/** A program that forgot to stop the engine must still be able to end; then the closed stdin ends the engine. */
function letGo(child: Child): void {
  child.unref();
  for (const stream of pipes(child)) stream.unref();
}

/** Who waits for the engine's end must not end before: Node leaves, in the middle of the wait, when nothing else is held. */
function hold(child: Child): void {
  child.ref();
  for (const stream of pipes(child)) stream.ref();
}

const pipes = (child: Child): Socket[] =>
  [child.stdin, child.stdout, child.stderr].filter((stream) => stream instanceof Socket);
