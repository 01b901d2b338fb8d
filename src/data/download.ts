import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../core/disk.ts";
import { messageOf, TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";

export interface DownloadOptions {
  readonly fetch: typeof fetch;
  /** Waits so many milliseconds between tries. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Bytes so far and in all (0 when the server does not say). */
  readonly onProgress?: (done: number, total: number) => void;
  /** Tries after the first when the line breaks; each goes on where the last one stopped. */
  readonly retries?: number;
}

/**
 * Fetches a JSON file to `path` by way of `path.part`; answers how many bytes an earlier, broken try had left. A part that
 * is there is gone on with by a range request if the server still has the same file (its ETag or date, kept beside the
 * part, is sent as If-Range); else it begins anew. The file takes its place only when it is as long as the server said
 * and JSON at both ends: a wrong address on the benchmark's site answers 200 with a page of HTML.
 */
export async function downloadFile(url: string, path: string, options: DownloadOptions): Promise<number> {
  const part = `${path}.part`;
  guardDisk(path, () => makeFolder(dirname(path)));
  const before = sizeOf(part);
  const retries = options.retries ?? 5;
  for (let tries = 0; ; tries++) {
    try {
      await fetchRest(url, part, options);
      break;
    } catch (error) {
      if (error instanceof TagprError) throw error;
      if (tries >= retries) throw broken(url, part, error);
      await options.sleep(500 * 2 ** tries);
    }
  }
  if (!isJsonOutside(part)) {
    forget(part);
    throw new TagprError("data", `${url} is no JSON file (the site answers wrong addresses with a page)`, {
      hint: "See the benchmark's own page for where the file is now, and place it by hand.",
    });
  }
  guardDisk(path, () => renameSync(part, path));
  forget(part);
  return before;
}

/** Hex SHA-256 of a file, streamed. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

export const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

async function fetchRest(url: string, part: string, options: DownloadOptions): Promise<void> {
  const have = sizeOf(part);
  const tag = existsSync(`${part}.tag`) ? readFileSync(`${part}.tag`, "utf8") : "";
  const going = have > 0 && tag !== "";
  // Encoded bodies have another length than the file, and other ranges.
  const range = going ? { range: `bytes=${have}-`, "if-range": tag } : {};
  const response = await options.fetch(url, { headers: { "accept-encoding": "identity", ...range } });
  if (going && response.status === 416) {
    await response.body?.cancel();
    if (totalOf(response) === have) return;
    forget(part);
    throw new Error("the part on disk is longer than the file");
  }
  if (response.status === 429 || response.status >= 500) throw new Error(`the server answered ${response.status}`);
  if (!response.ok || response.body === null)
    throw new TagprError("environment", `${url}: the server answered ${response.status} ${response.statusText}`, {
      hint: "See the benchmark's own page for where the file is now, and place it by hand.",
    });
  const from = response.status === 206 ? have : 0;
  await append(response, part, from, options);
  const total = totalOf(response);
  if (total !== null && sizeOf(part) !== total) throw new Error(`${sizeOf(part)} of ${total} bytes came`);
}

/** Writes the body behind the first `from` bytes of the part, with the server's tag beside it. */
async function append(response: Response, part: string, from: number, options: DownloadOptions): Promise<void> {
  const total = totalOf(response) ?? 0;
  const strong = response.headers.get("etag");
  const tag = strong === null || strong.startsWith("W/") ? response.headers.get("last-modified") : strong;
  const file = guardDisk(part, () => {
    writeFileSync(`${part}.tag`, tag ?? "");
    return openSync(part, from > 0 ? "a" : "w");
  });
  let done = from;
  try {
    for await (const chunk of response.body ?? []) {
      guardDisk(part, () => writeSync(file, chunk));
      done += chunk.length;
      options.onProgress?.(done, total);
    }
  } finally {
    closeSync(file);
  }
}

/** Length of the whole file, as the server says. */
function totalOf({ status, headers }: Response): number | null {
  const text = status === 200 ? headers.get("content-length") : (headers.get("content-range")?.split("/")[1] ?? null);
  return text === null || !/^\d+$/.test(text) ? null : Number(text);
}

/** Whether a file begins and ends as a JSON list or object does. */
export function isJsonOutside(path: string): boolean {
  const size = sizeOf(path);
  const file = openSync(path, "r");
  const read = (at: number): string => {
    const bytes = Buffer.alloc(Math.min(64, size));
    readSync(file, bytes, 0, bytes.length, at);
    return bytes
      .toString("latin1")
      .replace(/^\xEF\xBB\xBF/, "")
      .trim();
  };
  try {
    return /^[[{]/.test(read(0)) && /[\]}]$/.test(read(Math.max(0, size - 64)));
  } finally {
    closeSync(file);
  }
}

function broken(url: string, part: string, error: unknown): TagprError {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : "";
  return new TagprError("environment", `${url}: ${messageOf(error)}${cause}`, {
    hint: `${sizeOf(part)} bytes are kept; the same command goes on from there. Or place the file by hand.`,
    cause: error,
  });
}

function forget(part: string): void {
  rmSync(part, { force: true });
  rmSync(`${part}.tag`, { force: true });
}
