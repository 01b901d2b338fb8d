import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, TagprError } from "./errors.ts";

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/**
 * A folder, and those above it. Not `mkdirSync({recursive: true})`, which tries without end where nothing can be made
 * (`/proc/x/y`, Node 20). @throws the system's own error
 */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been first.
    if (codeOf(error) !== "EEXIST" || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** What can be made better by another place, and what by more room; the rest is our own fault. */
const UNWRITABLE: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
  ENOSPC: ["the disk is full", "Make room"],
  EDQUOT: ["the disk quota is used up", "Make room"],
  EROFS: ["the file system is read-only", "Make it writable"],
  EACCES: ["permission denied", "Change its permissions"],
  EPERM: ["permission denied", "Change its permissions"],
  // As /proc answers: nothing can be made there.
  ENOENT: ["nothing can be made there", "Choose a folder of a disk"],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter one"],
  ELOOP: ["its links lead in a circle", "Mend the links"],
  EIO: ["the disk failed", "Check the disk"],
  EFBIG: ["the file is larger than the disk takes", "Make room"],
  EMFILE: ["too many files are open", "Raise the limit (ulimit -n)"],
  ENFILE: ["too many files are open on this machine", "Close some"],
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

/**
 * What the machine, not TagPR, is to blame for, wherever it was met: a refusal of the operating system, a text longer
 * than a string can be, a NUL in a path. Null for everything else.
 */
export function outsideFault(error: unknown): TagprError | null {
  if (error instanceof TagprError || !(error instanceof Error)) return null;
  const code = codeOf(error);
  if ("syscall" in error && /^E[A-Z0-9]+$/.test(code)) {
    const [reason, advice] = UNWRITABLE[code] ?? [messageOf(error), "See what the message names"];
    const path = "path" in error ? `${String(error.path)}: ` : "";
    return new TagprError("environment", `${path}${reason}`, {
      hint: `${advice}, and run the same command again.`,
      cause: error,
    });
  }
  if (code === "ERR_STRING_TOO_LONG" || code === "ERR_FS_FILE_TOO_LARGE")
    return new TagprError("data", "a file, or one line of it, is larger than half a gigabyte of text", {
      hint: "Split it: one record a line (JSON Lines), or several files.",
      cause: error,
    });
  if (code === "ERR_INVALID_ARG_VALUE" && error.message.includes("null bytes"))
    return new TagprError("usage", "a path holds a NUL character", {
      hint: "Mend the paths of the config and of the command line.",
      cause: error,
    });
  return null;
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
