import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** How a lock tells whether its holder lives; tests bring their own. */
export interface LockWorld {
  readonly pid: number;
  readonly host: string;
  readonly alive: (pid: number) => boolean;
}

const thisProcess: LockWorld = { pid: process.pid, host: hostname(), alive: isAlive };

/**
 * Takes a run directory for this process; the answer gives it back. A lock whose process is dead is taken over; a
 * living one is a `run` error that names it.
 */
export function lockRun(run: string, world: LockWorld = thisProcess): () => void {
  const path = join(run, ".lock");
  guardDisk(path, () => mkdirSync(run, { recursive: true }));
  for (let tries = 0; tries < 3; tries++) {
    if (take(path, world)) return () => rmSync(path, { force: true });
    const holder = readHolder(path);
    if (holder !== null && holder.host !== world.host)
      throw new TagprError("run", `${run} is in use on ${holder.host} (process ${holder.pid})`, {
        hint: `Wait for it, or choose another folder. If it is gone, delete ${path}.`,
      });
    if (holder !== null && holder.pid !== world.pid && world.alive(holder.pid))
      throw new TagprError("run", `${run} is in use by process ${holder.pid}`, {
        hint: "Wait until it ends (or stop it), or choose another folder with --out.",
      });
    rmSync(path, { force: true });
  }
  throw new TagprError("run", `${run} is being taken by another process`, { hint: "Try again in a moment." });
}

function take(path: string, world: LockWorld): boolean {
  return guardDisk(path, () => {
    let file: number;
    try {
      file = openSync(path, "wx");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
      throw error;
    }
    writeSync(file, `${JSON.stringify({ pid: world.pid, host: world.host } satisfies Holder)}\n`);
    closeSync(file);
    return true;
  });
}

/** Null when the file is gone or was never finished. */
function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
