import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
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

/** A Python program that answers one JSON line for each it is sent. */
export interface Peer {
  ask<T>(request: unknown): Promise<T>;
  stop(): void;
}

export async function startPeer(script: string): Promise<Peer> {
  const python = argument("--python", join(import.meta.dirname, "../.venv/bin/python"));
  if (!existsSync(python)) throw new Error(`no Python at ${python}: give one by --python`);
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async <T>(request: unknown) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      // Its own message stands above.
      if (line.done === true) throw new Error(`the peer ${script} has ended`);
      return JSON.parse(line.value) as T;
    },
    stop: () => {
      child.stdin.end();
    },
  };
}
