import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { guardDisk, readJson } from "../../core/jsonl.ts";
import { filesBelow } from "../../core/run-dir.ts";

/** Rows of a reward model's table of users; null: all but the first, which is nobody's. */
export type Rows = readonly number[] | null;

/** Tensors of a checkpoint with a row a user. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  "user_embeddings.safetensors": ["user_embeddings"],
  "optimizer.safetensors": ["rows/exp_avg", "rows/exp_avg_sq", "rows/steps"],
};

interface Tensor {
  readonly shape: readonly number[];
  readonly data_offsets: readonly [from: number, to: number];
}

/** Folders of checkpoints with a table of users, by the model's id. */
export function tableFolders(store: string): { readonly model: string; readonly folder: string }[] {
  if (!existsSync(store)) return [];
  return filesBelow(store)
    .filter((file) => /(^|[/\\])user_embeddings\.safetensors$/.test(file))
    .map((file) => ({ model: file.split(/[/\\]/)[0] ?? "", folder: join(store, file, "..") }));
}

/** By model's id, the row of each `task/user`: what the run's scorers say. */
export function rowsByModel(scorers: readonly string[]): Map<string, Readonly<Record<string, number>>> {
  const found = new Map<string, Readonly<Record<string, number>>>();
  const see = (scorer: ScorerFile | null): void => {
    const model = /^tinker:\/\/([^/]+)\//.exec(scorer?.path ?? "")?.[1];
    if (model !== undefined && scorer?.rows != null) found.set(model, scorer.rows);
    if (scorer?.crossed !== undefined) see(scorer.crossed.other);
  };
  for (const path of scorers) see(readJson<ScorerFile | null>(path));
  return found;
}

interface ScorerFile {
  readonly path?: string;
  readonly rows?: Readonly<Record<string, number>> | null;
  readonly crossed?: { readonly other: ScorerFile };
}

/** Overwrites rows of a checkpoint's tables with zeros, in their place. Done again it does no harm. */
export function zeroRows(folder: string, rows: Rows): void {
  for (const name of readdirSync(folder)) {
    const tables = TABLES[name];
    if (tables !== undefined) zeroTables(join(folder, name), tables, rows);
  }
}

function zeroTables(path: string, names: readonly string[], rows: Rows): void {
  guardDisk(path, () => {
    const file = openSync(path, "r+");
    try {
      const head = Buffer.alloc(8);
      readSync(file, head, 0, 8, 0);
      const length = Number(head.readBigUInt64LE());
      const json = Buffer.alloc(length);
      readSync(file, json, 0, length, 8);
      const tensors = JSON.parse(json.toString("utf8")) as Record<string, Tensor>;
      for (const name of names) {
        const tensor = tensors[name];
        if (tensor === undefined) continue;
        const [from, to] = tensor.data_offsets;
        const count = tensor.shape[0] ?? 0;
        const width = count === 0 ? 0 : (to - from) / count;
        for (const row of rows ?? Array.from({ length: Math.max(0, count - 1) }, (_, i) => i + 1))
          if (row > 0 && row < count) writeSync(file, Buffer.alloc(width), 0, width, 8 + length + from + row * width);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}
