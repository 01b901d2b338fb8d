import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { makeFolder } from "../../core/disk.ts";
import { TagprError } from "../../core/errors.ts";
import { version } from "../../core/installation.ts";
import { guardDisk, writeJson } from "../../core/jsonl.ts";
import { readRecord, writeRecord } from "../../model/record.ts";
import { lockRun } from "../../run/lock.ts";
import { stagesFor } from "../../run/needed.ts";
import { sharing } from "../../run/sharing.ts";
import { type Cell, cellId, FOLDERS, OWN, runId } from "../../suites/cells.ts";
import type { App } from "../app.ts";
import { at } from "../commands/options.ts";
import { executeRun } from "../execute.ts";
import { SUITE_FILE } from "./open-source.ts";
import { type OpenedSuite, openSuite, type SuiteFlags } from "./open-suite.ts";
import { printSuitePlan } from "./plan-suite.ts";
import { writeOpened } from "./write-opened.ts";
import { writeShapes } from "./write-shapes.ts";

interface Flags extends SuiteFlags {
  readonly redact?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly assume?: readonly string[] | undefined;
  readonly maxCost?: number | undefined;
  readonly anyway?: boolean | undefined;
  readonly download: boolean;
  readonly json?: boolean | undefined;
}

/**
 * Trains what the cells need, asks them one after the other, and writes what the suite shows. A stop or a kill loses
 * nothing: what is done is skipped, what is asked is kept by content.
 */
export async function runSuite(app: App, file: string, flags: Flags): Promise<void> {
  const opened = openSuite(app.io, file, flags);
  const dir = at(app.io, flags.out);
  if (flags.dryRun === true)
    return printSuitePlan(app.io, opened, { dir, assume: flags.assume ?? [], json: flags.json === true });
  if (flags.assume !== undefined)
    throw new TagprError("usage", "--assume changes the plan of --dry-run, not a suite", { hint: "Add --dry-run." });
  requireOurs(dir);
  const release = lockRun(dir);
  try {
    begin(dir, opened);
    await writeShapes(opened);
    const own: App = { ...app, stages: sharing(app.stages, join(dir, FOLDERS.shelf), opened.reuse) };
    for (const [i, cell] of opened.cells.entries()) {
      if (flags.json !== true) app.io.err(`\nEvaluation ${i + 1} of ${opened.cells.length}: ${cellId(cell)}\n`);
      await oneCell(own, dir, opened, cell, flags);
      if (app.outcome.code !== 0) return;
    }
    const text = await writeOpened(app, dir, opened, { redact: flags.redact === true });
    if (flags.json !== true) app.io.out(`\n${text}\n`);
    const pages = `Pages: ${join(flags.out, "index.html")}`;
    app.io.out(`${flags.json === true ? JSON.stringify({ event: "say", line: pages }) : pages}\n`);
  } finally {
    release();
  }
}

function requireOurs(dir: string): void {
  if (!existsSync(dir) || existsSync(join(dir, SUITE_FILE))) return;
  if (readdirSync(dir).every((name) => name === ".lock")) return;
  throw new TagprError("run", `${dir} is no suite's folder (it has no ${SUITE_FILE}) and is not empty`, {
    hint: "Choose another folder with --out.",
  });
}

function begin(dir: string, { suite, kinds, methods, cells, reuse }: OpenedSuite): void {
  writeJson(join(dir, SUITE_FILE), {
    ...{ tagpr: version(), suite, show: kinds.map(({ name }) => name), methods },
    cells: cells.map((cell) => ({ id: cellId(cell), ...cell })),
  });
  guardDisk(dir, () => {
    for (const folder of [FOLDERS.weights, FOLDERS.shelf]) makeFolder(join(dir, folder));
    // Weights are named by their place in a store: those of the runs that stages are taken from must stand in it too.
    for (const store of reuse.map((run) => join(run, "weights")).filter((one) => existsSync(one)))
      for (const model of readdirSync(store)) {
        const link = join(dir, FOLDERS.weights, model);
        if (!existsSync(link)) symlinkSync(relative(join(dir, FOLDERS.weights), join(store, model)), link);
      }
  });
}

async function oneCell(app: App, dir: string, opened: OpenedSuite, cell: Cell, flags: Flags): Promise<void> {
  const run = join(dir, FOLDERS.runs, runId(cell));
  prepareRun(dir, run, cell, opened);
  const config = opened.runConfig(cell);
  const common = {
    ...{ run, fresh: false, json: flags.json === true, download: flags.download, quiet: true },
    ...{ maxCost: flags.maxCost, anyway: flags.anyway === true },
  };
  const trains = stagesFor(app.stages, config).filter((name) => name !== "eval");
  await executeRun(app, { ...common, config, only: trains });
  if (app.outcome.code !== 0) return;
  const place = join(dir, FOLDERS.cells, cellId(cell));
  guardDisk(place, () => mkdirSync(place, { recursive: true }));
  await executeRun(app, { ...common, config: opened.cellConfig(cell), place, only: ["eval"] });
}

/** A run folder whose weights lie in the store of all; of a run that is taken from it has the machine and the kept answers. */
function prepareRun(dir: string, run: string, { variant, seed }: Cell, { reuse }: OpenedSuite): void {
  guardDisk(run, () => {
    mkdirSync(run, { recursive: true });
    const weights = join(run, "weights");
    if (!existsSync(weights)) symlinkSync(relative(run, join(dir, FOLDERS.weights)), weights);
  });
  if (existsSync(join(run, "run.json"))) return;
  for (const from of reuse) {
    const record = readRecord(from);
    if (record === null || record.config.seed !== seed) continue;
    if (variant === OWN && existsSync(join(from, "cache")))
      guardDisk(run, () => cpSync(join(from, "cache"), join(run, "cache"), { recursive: true, force: false }));
    writeRecord(run, record);
  }
}
