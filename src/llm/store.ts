import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../core/disk.ts";
import { CACHE_HEAD, checkCacheLine } from "../core/format.ts";
import { guardDisk, lines } from "../core/jsonl.ts";

/** Answers that need not be asked for again, by key. */
export interface Store<T> {
  get(key: string): T | undefined;
  put(key: string, value: T): void;
  /** All that is kept. */
  values(): Iterable<T>;
}

/** A store that forgets with the process. */
export function memoryStore<T>(): Store<T> {
  const values = new Map<string, T>();
  return {
    get: (key) => values.get(key),
    put: (key, value) => void values.set(key, value),
    values: () => values.values(),
  };
}

/**
 * A store in an append-only file of `{"key", "value"}` lines after one that names the format. Each line goes out in one write before `put` returns, so a killed
 * process loses at most the line it was writing, and a disk that fills up at most the line that no longer fitted; such a torn
 * line is passed over, and asked for again. @throws TagprError `run` where a later TagPR has written the file
 */
export function fileStore<T>(path: string): Store<T> {
  const values = new Map<string, T>();
  let torn = false;
  let head = `${JSON.stringify(CACHE_HEAD)}\n`;
  if (existsSync(path)) {
    const bytes = readFileSync(path);
    torn = bytes.length > 0 && bytes.at(-1) !== 10;
    if (bytes.length > 0) head = "";
    for (const line of lines(bytes)) {
      checkCacheLine(path, line);
      const row = parse<T>(line);
      if (row) values.set(row.key, row.value);
    }
  } else guardDisk(path, () => makeFolder(dirname(path)));
  return {
    get: (key) => values.get(key),
    put: (key, value) => {
      values.set(key, value);
      const line = `${head}${torn ? "\n" : ""}${JSON.stringify({ key, value })}\n`;
      torn = true;
      head = "";
      guardDisk(path, () => appendFileSync(path, line));
      torn = false;
    },
    values: () => values.values(),
  };
}

function parse<T>(line: string): { key: string; value: T } | null {
  if (line === "") return null;
  try {
    const row = JSON.parse(line) as { key: string; value: T };
    return typeof row.key === "string" ? row : null;
  } catch {
    return null;
  }
}
