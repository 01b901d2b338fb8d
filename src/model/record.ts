import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { reloadConfig } from "../core/config/load.ts";
import { nameNow } from "../core/config/method-names.ts";
import type { Config } from "../core/config/schema.ts";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import { formatOf, RUN_FORMAT } from "../core/format.ts";
import { writeJson } from "../core/jsonl.ts";
import type { Override } from "../core/yaml-file.ts";
import { isObject } from "../data/lamp/record.ts";
import type { Machine } from "./machine.ts";

/** What `run.json` says of a run: enough to do it again. */
export interface RunRecord {
  /** {@link RUN_FORMAT}; absent in runs of format 1. */
  readonly format?: number;
  readonly tagpr: string;
  readonly node: string;
  /** Version of ICU, whose dictionaries part words in scripts without white space; absent in runs of older versions. */
  readonly icu?: string;
  readonly platform: string;
  /** Git revision of the program, `+` behind it when the checkout was changed; null outside a checkout. */
  readonly revision: string | null;
  readonly seed: number;
  /** The last command line. */
  readonly argv: readonly string[];
  readonly config: Config;
  /** What `auto` came to; absent where nothing was `auto`. */
  readonly machine?: Machine;
  /** When `tagpr forget` began to forget users (ISO 8601), twice for one whose forgetting was cut short; absent where none was. Whom is nowhere. */
  readonly forgotten?: readonly string[];
}

const pathOf = (run: string): string => join(run, "run.json");

export function writeRecord(run: string, record: RunRecord): void {
  writeJson(pathOf(run), { format: RUN_FORMAT, ...record });
}

/** Notes that a user is being forgotten, which nothing takes back. */
export function markForgotten(run: string, when: Date): void {
  const record = readRecord(run);
  if (record === null) throw noRun(run);
  writeRecord(run, { ...record, forgotten: [...(record.forgotten ?? []), when.toISOString()] });
}

/** The record of a run, or null where there is none yet. @throws TagprError `run` where the file is no record. */
export function readRecord(run: string): RunRecord | null {
  const path = pathOf(run);
  if (!existsSync(path)) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw noRecord(path, error instanceof SyntaxError ? "it is not JSON" : readFault(path, error), error);
  }
  if (!isObject(value) || !isObject(value.config)) throw noRecord(path, "it holds no config");
  return named(value as unknown as RunRecord, formatOf(path, value));
}

/** With the names that methods have now. */
function named(record: RunRecord, format: number): RunRecord {
  const { config } = record;
  const list = (names: unknown): unknown =>
    Array.isArray(names)
      ? names.map((name: unknown) => (typeof name === "string" ? nameNow(name, format) : name))
      : names;
  if (!isObject(config.eval)) return record;
  const { methods, swap } = config.eval;
  return {
    ...record,
    config: { ...config, eval: { ...config.eval, methods: list(methods), swap: list(swap) } } as Config,
  };
}

/**
 * The record of a run that is about to be written into, so no other program's file of that name.
 * @throws TagprError `run`
 */
export function readOwnRecord(run: string): RunRecord | null {
  const record = readRecord(run);
  if (record !== null && typeof record.tagpr !== "string") throw noRecord(pathOf(run), "it names no version of TagPR");
  return record;
}

function noRecord(path: string, why: string, cause?: unknown): TagprError {
  return new TagprError("run", `${path} is no record of a run (${why})`, {
    hint:
      "If that folder is not TagPR's, choose another with --out. If it is, move the file away and start again with " +
      "`tagpr run CONFIG.yaml --out RUN`: it keeps the stages whose config and inputs are the same.",
    cause,
  });
}

/** The error of a command that needs a run; `or`: what else it could be given. */
export function noRun(run: string, or = ""): TagprError {
  return new TagprError("run", `${run} holds no run (there is no run.json)`, {
    hint: `Start one with \`tagpr run CONFIG.yaml --out RUN\`${or}.`,
  });
}

/** The config of an existing run, with overrides put over it; `or` as for {@link noRun}. */
export function configOfRun(run: string, overrides: readonly Override[] = [], or = ""): Config {
  const record = readRecord(run);
  if (record === null) throw noRun(run, or);
  return reloadConfig(record.config, `${pathOf(run)} (config)`, overrides);
}
