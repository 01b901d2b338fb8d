import { existsSync } from "node:fs";
import { join } from "node:path";
import { reloadConfig } from "../core/config/load.ts";
import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { readJson, writeJson } from "../core/jsonl.ts";
import type { Override } from "../core/yaml-file.ts";

/** What `run.json` says of a run: enough to do it again. */
export interface RunRecord {
  readonly tagpr: string;
  readonly node: string;
  readonly platform: string;
  /** Git revision of the program, `+` behind it when the checkout was changed; null outside a checkout. */
  readonly revision: string | null;
  readonly seed: number;
  /** The last command line. */
  readonly argv: readonly string[];
  readonly config: Config;
}

const pathOf = (run: string): string => join(run, "run.json");

export function writeRecord(run: string, record: RunRecord): void {
  writeJson(pathOf(run), record);
}

/** The record of a run, or null where there is none yet. */
export function readRecord(run: string): RunRecord | null {
  return existsSync(pathOf(run)) ? readJson<RunRecord>(pathOf(run)) : null;
}

/** The config of an existing run, with overrides put over it. */
export function configOfRun(run: string, overrides: readonly Override[] = []): Config {
  const record = readRecord(run);
  if (record === null)
    throw new TagprError("run", `${run} holds no run (there is no run.json)`, {
      hint: "Start one with `tagpr run CONFIG.yaml --out RUN`, or give --config CONFIG.yaml.",
    });
  return reloadConfig(record.config, `${pathOf(run)} (config)`, overrides);
}
