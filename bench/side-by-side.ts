import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Seconds of one piece of work, by the wall and by the processor (which a busy machine disturbs less). */
export interface Timed {
  readonly wall: number;
  readonly cpu: number;
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
      if (line.done === true) throw new Error(`${script} ended; its message stands above`);
      return JSON.parse(line.value) as T;
    },
    stop: () => {
      child.stdin.end();
    },
  };
}
