import { randomUUID } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Of this very lock. */
  readonly id: string;
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
  guardDisk(path, () => makeFolder(run));
  for (let tries = 0; tries < 3; tries++) {
    const own = take(path, world);
    if (own !== null) return () => leave(path, own);
    const found = contentOf(path);
    const holder = holderOf(found);
    if (holder !== null && holder.host !== world.host)
      throw new TagprError("run", `${run} is in use on ${holder.host} (process ${holder.pid})`, {
        hint: `Wait for it, or choose another folder. If it is gone, delete ${path}.`,
      });
    if (holder !== null && holder.pid !== world.pid && world.alive(holder.pid))
      throw new TagprError("run", `${run} is in use by process ${holder.pid}`, {
        hint: `Wait until it ends (or stop it), or choose another folder with --out. If that process is none of TagPR's, delete ${path}.`,
      });
    if (found !== null) putAside(path, found);
  }
  throw new TagprError("run", `${run} is being taken by another process`, { hint: "Try again in a moment." });
}

/** Writes the whole lock elsewhere and links it into its place, so that nobody sees half of one; null where there is one. */
function take(path: string, world: LockWorld): string | null {
  return guardDisk(path, () => {
    const content = `${JSON.stringify({ pid: world.pid, host: world.host, id: randomUUID() } satisfies Holder)}\n`;
    const part = `${path}-${randomUUID()}`;
    writeFileSync(part, content);
    try {
      linkSync(part, path);
      return content;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return null;
      return takeWithoutLinks(path, content, error);
    } finally {
      rmSync(part, { force: true });
    }
  });
}

/** Not every file system has hard links. */
function takeWithoutLinks(path: string, content: string, why: unknown): string | null {
  if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(why))) throw why;
  try {
    writeFileSync(path, content, { flag: "wx" });
    return content;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return null;
    throw error;
  }
}

/** Gives back one's own lock, and nobody else's. */
function leave(path: string, own: string): void {
  if (contentOf(path) === own) rmSync(path, { force: true });
}

/** Takes away the lock that was found; another one that has come into its place since is put back. */
function putAside(path: string, found: string): void {
  const aside = `${path}-${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    if (contentOf(aside) !== found && !existsSync(path)) renameSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Null when the file is gone. */
function contentOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Null when the lock was never finished. */
function holderOf(content: string | null): Holder | null {
  try {
    return JSON.parse(content ?? "") as Holder;
  } catch {
    return null;
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
