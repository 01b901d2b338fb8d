import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { readJson, writeJson } from "../../core/jsonl.ts";
import { type DownloadOptions, downloadFile, isJsonOutside, sha256Of, sizeOf } from "../download.ts";
import type { RemoteFile } from "./catalogue.ts";

/** What became of one file. */
export interface Fetched {
  /** `LaMP_4/train_questions.json` */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** `kept`: it was there, by an earlier download or placed by hand. */
  readonly how: "fetched" | "resumed" | "kept";
}

/** SHA-256 by file, as `LaMP_4/dev_outputs.json`. */
export type Sums = Readonly<Record<string, string>>;

/** Beside the data: what every file was when it came. */
const RECORD = "checksums.json";

export interface LampDownload extends Omit<DownloadOptions, "onProgress"> {
  readonly dir: string;
  readonly files: readonly RemoteFile[];
  /** Checksums that the files must have; the benchmark's site publishes none. */
  readonly sums?: Sums;
  readonly onStart?: (file: RemoteFile) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onEnd?: (fetched: Fetched) => void;
}

/**
 * Fetches files into `dir/FOLDER/`, one after another. A file that stands already is kept when it is what it was when it
 * came (by the checksum in `checksums.json`) or was placed by hand; checksums are recorded at once, so that a file that
 * rots or is cut later is found out. A file with another checksum than it must have is an error that names both.
 */
export async function downloadLamp({ dir, files, sums = {}, ...options }: LampDownload): Promise<Fetched[]> {
  const record = join(dir, RECORD);
  const known: Record<string, string> = existsSync(record) ? { ...readJson<Sums>(record) } : {};
  const all: Fetched[] = [];
  for (const remote of files) {
    const file = `${remote.folder}/${remote.name}`;
    const path = join(dir, remote.folder, remote.name);
    options.onStart?.(remote);
    const there = existsSync(path);
    if (there && !isJsonOutside(path)) throw damaged(path, "it is no whole JSON file");
    const resumed = there ? 0 : await downloadFile(remote.url, path, options);
    const sha256 = await sha256Of(path);
    const want = sums[file] ?? (there ? known[file] : undefined) ?? sha256;
    if (want !== sha256) throw damaged(path, `its SHA-256 is ${sha256}, not ${want}`);
    known[file] = sha256;
    writeJson(record, known);
    const how = there ? "kept" : resumed > 0 ? "resumed" : "fetched";
    const fetched: Fetched = { file, bytes: sizeOf(path), sha256, how };
    options.onEnd?.(fetched);
    all.push(fetched);
  }
  return all;
}

const damaged = (path: string, what: string): TagprError =>
  new TagprError("data", `${path}: ${what}`, { hint: "Delete the file and run the command again." });

/** Reads a list of checksums as `sha256sum` writes it: a sum and a path a line. */
export function readSums(path: string): Sums {
  if (!existsSync(path)) throw new TagprError("usage", `no file ${path}`, { hint: "Check the path of --sums." });
  const lines = readFileSync(path, "utf8").split("\n");
  const pairs = lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const match = /^([0-9a-f]{64})\s+\*?(?:\.\/)?(\S+)\s*$/.exec(line);
    if (match === null)
      throw new TagprError("usage", `${path}:${i + 1}: not a checksum and a file`, {
        hint: "Each line is as sha256sum writes it: 64 hex digits, two spaces, LaMP_4/train_questions.json.",
      });
    return [[match[2] ?? "", match[1] ?? ""] as const];
  });
  return Object.fromEntries(pairs);
}
