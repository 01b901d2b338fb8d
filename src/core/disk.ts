import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, TagprError } from "./errors.ts";

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** What can be made better by another place, and what by more room; the rest is our own fault. */
const UNWRITABLE: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
  ENOSPC: ["the disk is full", "Make room"],
  EDQUOT: ["the disk quota is used up", "Make room"],
  EROFS: ["the file system is read-only", "Make it writable"],
  EACCES: ["permission denied", "Change its permissions"],
  EPERM: ["permission denied", "Change its permissions"],
};

/** A file where a folder is needed, or the reverse. */
const MISPLACED: ReadonlySet<string> = new Set(["EEXIST", "ENOTDIR", "EISDIR"]);

/** The sentence for a write to `path` that the disk refused; null where the error is no such refusal. */
export function writeFault(path: string, error: unknown): TagprError | null {
  const code = codeOf(error);
  const wrong = MISPLACED.has(code) ? misplaced(path) : null;
  if (wrong !== null)
    return new TagprError("usage", wrong, { hint: "Choose another place to write to, with --out.", cause: error });
  const [reason, advice] = UNWRITABLE[code] ?? [];
  if (reason === undefined) return null;
  return new TagprError("environment", `can't write ${path}: ${reason}`, {
    hint: `Nothing half-written counts. ${advice} (or choose another --out) and run the same command again: it goes on from there.`,
    cause: error,
  });
}

/** Why `path` could not be read, as one sentence that names it. */
export function readFault(path: string, error: unknown): string {
  const code = codeOf(error);
  if (code === "ENOENT") return `${path} is not there`;
  if (code === "EACCES" || code === "EPERM") return `${path} can't be read: permission denied`;
  return (MISPLACED.has(code) ? misplaced(path) : null) ?? `${path}: ${messageOf(error)}`;
}

/** Before a file is written beside `path` and renamed: that would fail only at the end, and leave its part. */
export function refuseFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) throw Object.assign(new Error(path), { code: "EISDIR" });
}

/** What stands in the way of `path`: a folder in its own place, or a file in its own or a parent's. */
function misplaced(path: string): string | null {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at)) {
      const folder = statSync(at).isDirectory();
      if (folder) return at === path ? `${at} is a folder, not a file` : null;
      return `${at} is a file, not a folder`;
    }
    if (at === dirname(at)) return null;
  }
}
