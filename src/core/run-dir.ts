import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { TagprError } from "./errors.ts";
import { formatOf, RUN_FORMAT } from "./format.ts";
import { appendJsonl, readJson, readJsonl, writeAtomic, writeJson } from "./jsonl.ts";

/**
 * A run directory explains itself with `cat`: `run.json`, and a folder a stage with `metrics.jsonl`, `timings.jsonl`,
 * `samples.jsonl`, `checkpoints.jsonl`, `models.jsonl`, its outputs, and `stage.json` — the seal, written last, that says it is done.
 */
export interface StageSeal {
  /** `RUN_FORMAT` of format.ts; absent in runs of format 1. */
  readonly format?: number;
  readonly stage: string;
  /** Hash of what the stage depends on: its part of the config and the content of the files that it reads. */
  readonly key: string;
  /** SHA-256 of each output file, by path relative to the stage folder. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export const stageDir = (run: string, stage: string): string => join(run, stage);

/** Null where there is none. @throws TagprError `run` where the file is no seal, or a later TagPR's */
export function readSeal(run: string, stage: string): StageSeal | null {
  const path = join(stageDir(run, stage), "stage.json");
  if (!existsSync(path)) return null;
  const value = readJson<Partial<StageSeal> | null>(path);
  if (typeof value?.key !== "string" || typeof value.outputs !== "object" || value.outputs === null)
    throw new TagprError("run", `${path} is no seal of a stage (it holds no key and outputs)`, {
      hint: "Move it away: the stage is then done again. If TagPR did not make that folder, choose another --out.",
    });
  formatOf(path, value);
  return value as StageSeal;
}

/** True when the stage is sealed with this key and its outputs are there, unchanged; only what is its `own` counts. */
export async function isSealed(
  run: string,
  stage: string,
  key: string,
  own: (file: string) => boolean = () => true,
): Promise<boolean> {
  const seal = readSeal(run, stage);
  if (seal === null || seal.key !== key) return false;
  for (const [file, hash] of Object.entries(seal.outputs)) {
    if (!own(file)) continue;
    const path = join(stageDir(run, stage), file);
    if (!existsSync(path) || (await hashFile(path)) !== hash) return false;
  }
  return true;
}

export async function seal(
  run: string,
  stage: string,
  key: string,
  outputs: readonly string[],
  seconds: number,
): Promise<void> {
  const hashes: Record<string, string> = {};
  for (const file of outputs) hashes[file] = await hashFile(join(stageDir(run, stage), file));
  const made: StageSeal = { format: RUN_FORMAT, stage, key, outputs: hashes, seconds };
  writeJson(join(stageDir(run, stage), "stage.json"), made);
}

/** Hash of any JSON value, with object keys in sorted order. */
export function hashJson(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex")
    .slice(0, 32);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest("hex");
}

/** All files below a folder, as sorted relative paths; a link that leads nowhere is none. */
export function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(dir, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => relative(".", name))
    .sort();
}

/** One line of `checkpoints.jsonl`: a checkpoint counts when its line stands there, written last. */
export interface Checkpoint {
  /** `RUN_FORMAT` of format.ts; absent in runs of format 1. */
  readonly format?: number;
  /** Optimizer steps done; in RL batches. */
  readonly step: number;
  /** `tinker://…` of weights and optimizer. */
  readonly state: string;
  /** Lines of metrics.jsonl, samples.jsonl and timings.jsonl that belong to it; what stands after is cut off on resume. */
  readonly lines: Readonly<Record<string, number>>;
  /** What else the loop must know again: data cursor, best score so far. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** The log of one training loop, cut back to its last checkpoint when opened. */
export interface LoopLog {
  readonly last: Checkpoint | null;
  /** Engine's names of the models that earlier attempts at this loop trained. */
  readonly models: readonly string[];
  /** Call when the engine has made a model, before anything of it is saved. */
  opened(model: string): void;
  /** Clock-free numbers of a step, byte-identical between a killed and an unbroken run. */
  metrics(row: Readonly<Record<string, unknown>>): void;
  timings(row: Readonly<Record<string, unknown>>): void;
  samples(rows: readonly unknown[]): void;
  /** What stopped the loop, into `stopped.jsonl`: no later start cuts it off, and it is no part of the result. */
  stopped(row: Readonly<Record<string, unknown>>): void;
  /** Call after the engine has saved `state`. */
  checkpoint(step: number, state: string, extra?: Readonly<Record<string, unknown>>): void;
}

const LOGS = ["metrics.jsonl", "timings.jsonl", "samples.jsonl"] as const;

/** Everything that a {@link LoopLog} writes. */
export const LOOP_FILES: readonly string[] = [...LOGS, "checkpoints.jsonl", "models.jsonl", "stopped.jsonl"];

/** Opens the loop log of a stage: everything after the last checkpoint is cut off, to be replayed. */
export function openLoop(dir: string): LoopLog {
  const checkpoints = join(dir, "checkpoints.jsonl");
  const opened = join(dir, "models.jsonl");
  dropTornLine(checkpoints);
  dropTornLine(opened);
  const all = existsSync(checkpoints) ? readJsonl<Checkpoint>(checkpoints) : [];
  for (const [i, line] of all.entries()) formatOf(`${checkpoints}:${i + 1}`, line);
  const last = all.at(-1) ?? null;
  const lines: Record<string, number> = {};
  for (const name of LOGS) {
    lines[name] = last?.lines[name] ?? 0;
    cut(join(dir, name), lines[name] ?? 0);
  }
  const add = (name: (typeof LOGS)[number], rows: readonly unknown[]): void => {
    appendJsonl(join(dir, name), rows);
    lines[name] = (lines[name] ?? 0) + rows.length;
  };
  return {
    last,
    models: existsSync(opened) ? readJsonl<{ model: string }>(opened).map(({ model }) => model) : [],
    opened: (model) => appendJsonl(opened, [{ model }]),
    metrics: (row) => add("metrics.jsonl", [row]),
    timings: (row) => add("timings.jsonl", [row]),
    samples: (rows) => add("samples.jsonl", rows),
    stopped: (row) => appendJsonl(join(dir, "stopped.jsonl"), [row]),
    checkpoint: (step, state, extra = {}) =>
      appendJsonl(checkpoints, [{ format: RUN_FORMAT, step, state, lines: { ...lines }, extra } satisfies Checkpoint]),
  };
}

/** A line without its newline was being written when the process died: it never counted. */
function dropTornLine(path: string): void {
  if (!existsSync(path)) return;
  const text = readFileSync(path, "utf8");
  if (text !== "" && !text.endsWith("\n")) writeAtomic(path, text.slice(0, text.lastIndexOf("\n") + 1));
}

function cut(path: string, lines: number): void {
  if (!existsSync(path)) {
    if (lines > 0)
      throw new TagprError("run", `${path} is missing, but a checkpoint counts ${lines} lines of it`, {
        hint: "Delete the stage's folder to do the stage again.",
      });
    return;
  }
  const text = readFileSync(path, "utf8");
  let end = 0;
  for (let i = 0; i < lines; i++) {
    end = text.indexOf("\n", end) + 1;
    if (end === 0)
      throw new TagprError("run", `${path} has fewer than the ${lines} lines its checkpoint counts`, {
        hint: "Delete the stage's folder to do the stage again.",
      });
  }
  if (end < text.length) writeAtomic(path, text.slice(0, end));
}
