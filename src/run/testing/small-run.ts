import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { StageName } from "../../core/stages.ts";
import { loadTask } from "../../data/task-file.ts";
import type { Stage } from "../stage.ts";

export interface SmallRun {
  readonly run: string;
  readonly stages: readonly Stage[];
  /** Writes a file of the run: lines of a list, JSON of anything else, a text as it is. */
  readonly put: (file: string, content: unknown) => void;
}

/** Folders of stages whose files are TagPR's own, as a test puts them; nothing was trained. */
export function smallRun(files: Readonly<Record<string, unknown>>): SmallRun {
  const run = mkdtempSync(join(tmpdir(), "small-run-"));
  const put = (file: string, content: unknown): void => {
    const path = join(run, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, textOf(content));
  };
  const stages = smallStages(Object.keys(files));
  put("run.json", { format: 3, tagpr: "0.1.0", config: { prmu: {} } });
  put("data/tasks.json", JSON.stringify([loadTask("synthetic_tag")]));
  for (const { name, writes } of stages)
    if (writes.length > 0) {
      put(`${name}/begun.json`, { format: 3, key: "k", seconds: 1, files: writes });
      put(`${name}/stage.json`, { format: 3, stage: name, key: "k", outputs: {}, seconds: 1 });
    }
  for (const [file, content] of Object.entries(files)) put(file, content);
  return { run, stages, put };
}

const NAMES = ["data", "chains", "sft", "prmu", "explore", "eval", "report"] as const satisfies readonly StageName[];

/** Stages that write the given files of a run, and do nothing. */
export function smallStages(files: readonly string[]): Stage[] {
  return NAMES.map((name) => {
    const writes = files.flatMap((file) => (file.startsWith(`${name}/`) ? [file.slice(name.length + 1)] : []));
    return { name, writes, config: () => null, reads: () => [], run: async () => {} };
  });
}

function textOf(content: unknown): string | Uint8Array {
  if (typeof content === "string" || content instanceof Uint8Array) return content;
  if (Array.isArray(content)) return content.map((line) => `${JSON.stringify(line)}\n`).join("");
  return JSON.stringify(content, null, 2);
}

/** A file of safetensors: little-endian float32, a row a list. */
export function safetensors(tensors: Readonly<Record<string, readonly (readonly number[])[]>>): Buffer {
  const head: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, rows] of Object.entries(tensors)) {
    const bytes = Buffer.from(new Float32Array(rows.flat()).buffer);
    head[name] = { dtype: "F32", shape: [rows.length, rows[0]?.length ?? 0], data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}
