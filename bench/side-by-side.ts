import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Seconds of one piece of work, by the wall and by the processor (which a busy machine disturbs less). */
export interface Timed {
  readonly wall: number;
  readonly cpu: number;
}

/** What every measurement prints under `--json`. Times in seconds, memory in 10⁹ bytes at the peak of the whole process. */
export interface Measurement {
  readonly ours: number;
  /** Null, like `ratio` and `peer_peak_gb`, where nothing is there to compare with. */
  readonly peer: number | null;
  /** peer ÷ ours: above 1 we are faster. */
  readonly ratio: number | null;
  readonly peak_gb: number;
  readonly peer_peak_gb: number | null;
  /** Share of the speed that the hardware allows this work; null where no such limit is stated. */
  readonly of_limit: number | null;
}

/** Peak resident memory of this process so far, in 10⁹ bytes. */
export const peakGb = (): number => (process.resourceUsage().maxRSS * 1024) / 1e9;

export const asJson = process.argv.includes("--json");

/** Prints what a person reads, unless `--json` was asked for: then the numbers alone. */
export function say(text: string): void {
  if (!asJson) console.log(text);
}

export function sayJson<T extends Measurement>(value: T): void {
  if (asJson) console.log(JSON.stringify(value));
}

/** Runs `work` once and times it; the garbage of earlier work is collected first where node allows it. */
export function timed<T>(work: () => T): Timed & { readonly result: T } {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const result = work();
  const used = process.cpuUsage(cpu);
  return { wall: (performance.now() - wall) / 1000, cpu: (used.user + used.system) / 1e6, result };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Value of `--name value` on the command line. */
export function argument(name: string, otherwise: string): string {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
}

export const PYTHON = argument("--python", join(import.meta.dirname, "../.venv/bin/python"));

/** TRL and what else the peers are, into the Python that is given, when it isn't there. Throws where that fails. */
export function needPeers(): void {
  const there = spawnSync(PYTHON, ["-c", "import rank_bm25, rouge_score, trl"], { stdio: "ignore" }).status === 0;
  if (there) return;
  const extra =
    /^bench = \[(.*)\]$/m.exec(readFileSync(join(import.meta.dirname, "../engine/pyproject.toml"), "utf8"))?.[1] ?? "";
  const packages = [...extra.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? "");
  console.error(`The peers are not installed: pip install ${packages.join(" ")}, into ${PYTHON}`);
  if (spawnSync(PYTHON, ["-m", "pip", "install", "-q", ...packages], { stdio: "inherit" }).status !== 0)
    throw new Error("the peers could not be installed; see pip's message above, or name another Python by --python");
}

/** A Python program that answers one JSON line for each it is sent. */
export interface Peer {
  ask<T>(request: unknown): Promise<T>;
  stop(): void;
}

export async function startPeer(script: string): Promise<Peer> {
  if (!existsSync(PYTHON)) throw new Error(`no Python at ${PYTHON}: give one by --python`);
  const child = spawn(PYTHON, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async <T>(request: unknown) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      if (line.done === true) {
        console.error(
          `The peer, ${script}, has ended; what it said stands above. Where memory ran out, give fewer --groups.`,
        );
        process.exit(1);
      }
      return JSON.parse(line.value) as T;
    },
    stop: () => {
      child.stdin.end();
    },
  };
}
