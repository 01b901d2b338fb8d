import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nameNow } from "../core/config/method-names.ts";
import { readFault } from "../core/disk.ts";
import { messageOf, TagprError } from "../core/errors.ts";
import { formatOf, RUN_FORMAT } from "../core/format.ts";
import { readSeal } from "../core/run-dir.ts";
import type { StageName } from "../core/stages.ts";
import { streamShown } from "../data/shown.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { methodOfFile } from "../eval/prediction-file.ts";
import { readResult } from "../eval/read-result.ts";
import type { Result } from "../eval/result-types.ts";
import type { Prediction } from "../eval/types.ts";

/** A parsed JSON object whose writer may be an older or newer version: every field is asked for by name and type. */
export type Row = Readonly<Record<string, unknown>>;

/** What stands in a run directory, read once. Absent files are null or empty: a report can be written at any time. */
export interface RunFiles {
  readonly dir: string;
  readonly run: Row | null;
  readonly config: Row;
  readonly tasks: readonly Task[];
  readonly result: Result | null;
  readonly tags: readonly string[];
  readonly tagClusters: readonly Row[];
  readonly stats: Row | null;
  /** Predictions by method, in file-name order. */
  readonly predictions: ReadonlyMap<string, readonly Prediction[]>;
  json(path: string): Row | null;
  jsonl(path: string): readonly Row[];
  has(path: string): boolean;
  stage(name: StageName): { readonly state: "done" | "unfinished" | "not run"; readonly seconds: number | null };
}

export function readRun(dir: string): RunFiles {
  if (!existsSync(dir))
    throw new TagprError("usage", `${dir}: no such run directory`, {
      hint: "Give the folder that `tagpr run` wrote with --out.",
    });
  const at = (path: string): string => join(dir, path);
  const has = (path: string): boolean => existsSync(at(path));
  const json = (path: string): Row | null => (has(path) ? asRow(parse(at(path), readText(at(path)))) : null);
  /** Of a later TagPR's every field may mean something else. */
  const known = (path: string): Row | null => {
    const value = json(path);
    if (value !== null) formatOf(at(path), value);
    return value;
  };
  const run = known("run.json");
  const tags = json("chains/tags.json");
  return {
    dir,
    run,
    config: asRow(run?.config),
    tasks: has("data/tasks.json") ? (parse(at("data/tasks.json"), readText(at("data/tasks.json"))) as Task[]) : [],
    result: readResult(dir),
    tags: strings(tags?.tags),
    tagClusters: rows(tags?.clusters),
    stats: json("chains/stats.json"),
    predictions: readPredictions(dir),
    json,
    jsonl: (path) => (has(path) ? readLines(at(path)) : []),
    has,
    stage: (name) => stageState(dir, name),
  };
}

/** The test examples with these ids (`task` + newline + `query`), without holding the whole file in memory. */
export async function readExamples(dir: string, wanted: ReadonlySet<string>): Promise<Map<string, ShownExample>> {
  const path = join(dir, "data/test.jsonl");
  const found = new Map<string, ShownExample>();
  if (!existsSync(path)) return found;
  for await (const example of streamShown(path)) {
    const key = exampleKey(example.task, example.id);
    if (wanted.has(key)) found.set(key, example);
    if (found.size === wanted.size) break;
  }
  return found;
}

export const exampleKey = (task: string, query: string): string => `${task}\n${query}`;

function readPredictions(dir: string): Map<string, readonly Prediction[]> {
  const folder = join(dir, "eval");
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).filter((name) => methodOfFile(name) !== null && !LOGS.has(name));
  const begun = join(folder, "begun.json");
  const format = existsSync(begun) ? formatOf(begun, asRow(parse(begun, readText(begun)))) : RUN_FORMAT;
  return new Map(
    names
      .sort()
      .map((name) => [
        nameNow(methodOfFile(name) ?? name, format),
        readLines(join(folder, name)) as unknown as Prediction[],
      ]),
  );
}

const LOGS: ReadonlySet<string> = new Set([
  "metrics.jsonl",
  "timings.jsonl",
  "samples.jsonl",
  "checkpoints.jsonl",
  "models.jsonl",
  "stopped.jsonl",
]);

function stageState(dir: string, name: StageName): ReturnType<RunFiles["stage"]> {
  const seal = readSeal(dir, name);
  if (seal !== null) return { state: "done", seconds: seal.seconds };
  return { state: existsSync(join(dir, name)) ? "unfinished" : "not run", seconds: null };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TagprError("data", readFault(path, error), {
      hint: "Check the file's permissions.",
      cause: error,
    });
  }
}

/** Whole lines only: a last line without its newline is being written, or was when the process died. */
function readLines(path: string): Row[] {
  const text = readText(path);
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.flatMap((line, i) => (line.trim() === "" ? [] : [asRow(parse(`${path}:${i + 1}`, line))]));
}

function parse(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TagprError("data", `${where}: not JSON (${messageOf(error)})`, {
      hint: "The file was cut off or edited by hand: run its stage again.",
      cause: error,
    });
  }
}

export function asRow(value: unknown): Row {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Row) : {};
}

export const rows = (value: unknown): Row[] => (Array.isArray(value) ? value.map(asRow) : []);
export const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
export const numberOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;
export const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** Numbers of a record: those at its top as one group, those of each inner record as a group named by its path. */
export function numberGroups(stats: Row, name = ""): (readonly [string, (readonly [string, number])[]])[] {
  const own: (readonly [string, number])[] = [];
  const inner: (readonly [string, (readonly [string, number])[]])[] = [];
  for (const [key, value] of Object.entries(stats)) {
    const n = numberOf(value);
    if (n !== null) own.push([key, n]);
    else if (strings(value).length === 0)
      inner.push(...numberGroups(asRow(value), name === "" ? key : `${name}: ${key}`));
  }
  return own.length > 0 ? [[name, own], ...inner] : inner;
}
