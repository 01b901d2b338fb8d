import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { configOfRun, readOwnRecord, readRecord } from "./record.ts";

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "record-"));
});

it.each([
  ["", "it is not JSON"],
  ["x", "it is not JSON"],
  ["{}", "it holds no config"],
  ["[]", "it holds no config"],
  ["null", "it holds no config"],
  ['{"config": 3}', "it holds no config"],
])("a run.json that says %j is no record, and the way out is told", (text, why) => {
  writeFileSync(join(run, "run.json"), text);
  const message = `${run}/run.json is no record of a run (${why})`;
  // It may be another program's: nobody is told to delete it.
  const hint = expect.stringMatching(/not TagPR's, choose another with --out.*move the file away/);
  for (const read of [readRecord, configOfRun])
    expect(() => read(run)).toThrow(expect.objectContaining({ code: "run", message, hint }));
});

it("nor is a folder of that name", () => {
  mkdirSync(join(run, "run.json"));
  expect(() => readRecord(run)).toThrow(/no record of a run \(.* is a folder, not a file\)/);
});

it("a record is read; where there is none, the hint names only what the command takes", () => {
  const hintOf = (...or: string[]): unknown => {
    try {
      configOfRun(run, [], ...or);
    } catch (error) {
      return error instanceof Error && "hint" in error ? error.hint : null;
    }
    return null;
  };
  expect(readRecord(run)).toBeNull();
  expect(hintOf()).toBe("Start one with `tagpr run CONFIG.yaml --out RUN`.");
  expect(hintOf(", or give --config CONFIG.yaml")).toMatch(/or give --config CONFIG\.yaml\.$/);
  const config = configSchema.parse({ seed: 3 });
  writeFileSync(join(run, "run.json"), JSON.stringify({ tagpr: "0.1.0", config }));
  expect(configOfRun(run)).toEqual(config);
});

it("a run.json of another program's, though it holds a config, is not written over", () => {
  writeFileSync(join(run, "run.json"), '{"config": {}}');
  expect(() => readOwnRecord(run)).toThrow(/no record of a run \(it names no version of TagPR\)/);
});

it("a run of a later TagPR is not touched", () => {
  const config = configSchema.parse({});
  writeFileSync(join(run, "run.json"), JSON.stringify({ format: 99, tagpr: "9.0.0", config }));
  expect(() => readRecord(run)).toThrow(/run\.json is of format 99, this TagPR reads 1 to 3/);
});
