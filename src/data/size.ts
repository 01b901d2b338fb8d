import { existsSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { questionOf } from "./lamp/write.ts";
import type { Query } from "./records.ts";

/** Queries that are put together to tell the size of all. */
const SAMPLE = 200;

/** Bytes that queries will take in LaMP's layout, from some of them, evenly drawn. */
export function estimatedBytes(queries: readonly Query[]): number {
  const step = Math.max(1, queries.length / SAMPLE);
  let [bytes, seen] = [0, 0];
  for (let at = 0; at < queries.length; at += step) {
    const query = queries[Math.floor(at)];
    if (query === undefined) continue;
    bytes += Buffer.byteLength(JSON.stringify(questionOf(query.make())));
    seen++;
  }
  return seen === 0 ? 0 : Math.round((bytes / seen) * queries.length);
}

/** Bytes free where a folder is, or will be; null where the system doesn't say. */
export function freeBytes(dir: string): number | null {
  let at = resolve(dir);
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  try {
    const { bavail, bsize } = statfsSync(at);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** `12 MB`. */
export function sizeText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
