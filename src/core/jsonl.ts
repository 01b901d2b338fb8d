import { constants, isUtf8 } from "node:buffer";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder, readFault, refuseFolder, writeFault } from "./disk.ts";
import { messageOf, TagprError } from "./errors.ts";

/** Whole-file write by rename: a reader sees the old file or the new one, never half of either. */
export function writeAtomic(path: string, text: string | Uint8Array): void {
  guardDisk(path, () => {
    refuseFolder(path);
    makeFolder(dirname(path));
    const part = `${path}.part`;
    const file = openSync(part, "w");
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  });
}

export function writeJson(path: string, value: unknown): void {
  writeAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Rows to JSON Lines, atomically, without holding the text in memory twice. */
export function writeJsonl(path: string, rows: Iterable<unknown>): void {
  guardDisk(path, () => {
    refuseFolder(path);
    makeFolder(dirname(path));
    const part = `${path}.part`;
    const file = openSync(part, "w");
    try {
      let buffer = "";
      for (const row of rows) {
        buffer += `${JSON.stringify(row)}\n`;
        if (buffer.length > 1 << 16) {
          writeFileSync(file, buffer);
          buffer = "";
        }
      }
      writeFileSync(file, buffer);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  });
}

/** Appends rows, each line written whole and synced before the call returns. */
export function appendJsonl(path: string, rows: readonly unknown[]): void {
  guardDisk(path, () => {
    makeFolder(dirname(path));
    const file = openSync(path, "a");
    try {
      // Not writeSync, which on a disk that fills up writes a part of it and says nothing.
      writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}

/** A JSON file; `T` is the writer's promise, so read only what this program wrote. */
export function readJson<T>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** All rows of a JSON Lines file that this program wrote. A broken line is an error that names it. */
export function readJsonl<T>(path: string): T[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  const rows: T[] = [];
  let number = 0;
  for (const line of byteLines(bytes)) {
    number++;
    if (!isBlank(line)) rows.push(parseLine<T>(path, number, line));
  }
  return rows;
}

/** The rows of a file that is written line by line: none where it isn't there, and a last line that a kill left torn never counted. */
export function readWholeLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
  return [...byteLines(whole)].flatMap((line, i) => (isBlank(line) ? [] : [parseLine<T>(path, i + 1, line)]));
}

/** The lines of a file's bytes, which may be more than a string can hold (half a gigabyte). */
export function* lines(bytes: Buffer): Generator<string> {
  for (const line of byteLines(bytes)) yield line.toString("utf8");
}

function* byteLines(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const at = bytes.indexOf(10, start);
    const end = at < 0 ? bytes.length : at;
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** Rows one at a time, for files larger than memory. */
export async function* streamJsonl<T>(path: string): AsyncGenerator<T> {
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (!isBlank(line)) yield parseLine<T>(path, number, line);
  }
}

async function* linesOf(path: string): AsyncGenerator<Buffer> {
  // Opened here: what a stream fails with, its reader would never hear.
  let file: FileHandle;
  try {
    file = await open(path);
    if ((await file.stat()).isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
  } catch (error) {
    throw unreadable(path, error);
  }
  // Not readline: it takes more characters for line ends (U+2028) than JSON Lines has.
  let rest: Buffer[] = [];
  for await (const chunk of file.createReadStream()) {
    const bytes = chunk as Buffer;
    let start = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, start)) {
      yield Buffer.concat([...rest, bytes.subarray(start, at)]);
      rest = [];
      start = at + 1;
    }
    rest.push(bytes.subarray(start));
  }
  const last = Buffer.concat(rest);
  if (last.length > 0) yield last;
}

const isBlank = (line: Buffer): boolean => line.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));

function parseLine<T>(path: string, number: number, bytes: Buffer): T {
  if (bytes.length > constants.MAX_STRING_LENGTH)
    throw new TagprError("data", `${path}:${number}: this line is ${Math.round(bytes.length / 1e6)} MB long`, {
      hint: "A line holds one record, half a gigabyte at most. Is this a JSON file, or binary, with another ending?",
    });
  // What is no UTF-8 would be replaced without a word.
  if (!isUtf8(bytes))
    throw new TagprError("data", `${path}:${number}: bytes that are no UTF-8`, {
      hint: "The file is damaged or in another encoding: mend or delete that line, or make the file again.",
    });
  const line = bytes.toString("utf8");
  try {
    // A byte order mark, as some programs put before a file.
    return JSON.parse(number === 1 ? line.replace(/^\uFEFF/, "") : line) as T;
  } catch (error) {
    throw new TagprError("data", `${path}:${number}: not a JSON line (${messageOf(error)})`, {
      hint: "The file is cut off or was edited by hand: mend or delete that line, or make the file again.",
      cause: error,
    });
  }
}

function unreadable(path: string, error: unknown): TagprError {
  return new TagprError("data", readFault(path, error), {
    hint: "Check the path; an earlier stage writes this file.",
    cause: error,
  });
}

/** Turns a full disk, a read-only folder, a file where a folder should be and the like into one sentence. */
export function guardDisk<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw writeFault(path, error) ?? error;
  }
}
