import { join, relative } from "node:path";
import { monotonic } from "../core/awake.ts";
import type { Config } from "../core/config/schema.ts";
import { packageRoot, version } from "../core/installation.ts";
import type { Progress } from "../core/progress.ts";
import type { StageName } from "../core/stages.ts";
import { ICU_VERSION } from "../core/words.ts";
import type { Engines } from "../engine/engines.ts";
import { type Flights, makeFlights } from "../llm/flights.ts";
import { patientFetch } from "../llm/http.ts";
import { type RunRecord, readRecord, writeRecord } from "../model/record.ts";
import { requireSound } from "../run/faults.ts";
import { checkFolder } from "../run/folder.ts";
import { lockRun } from "../run/lock.ts";
import { chosenText, type Measure, type Settled, settleMachine } from "../run/machine.ts";
import { runStages } from "../run/run.ts";
import type { App } from "./app.ts";
import { checkOutside } from "./check-outside.ts";
import { ensureModels } from "./download-models.ts";
import { modelDir } from "./engines.ts";
import type { Io } from "./io.ts";
import { chooseProgress } from "./progress/choose.ts";
import { revision } from "./revision.ts";
import { untilStopped } from "./stop.ts";
import { resultTable } from "./table.ts";

export interface Execute {
  readonly run: string;
  readonly config: Config;
  /** Where the stages' folders and the record stand, instead of in the run, which then stays as it is. */
  readonly place?: string;
  readonly only?: readonly StageName[];
  readonly fresh: boolean;
  readonly json: boolean;
  /** Dollars that it may pay to priced APIs. */
  readonly maxCost?: number | undefined;
  /** Goes on although the run was begun on other hardware. */
  readonly anyHardware?: boolean;
  /** Whether models that are not here may be fetched from the hub. */
  readonly download: boolean;
  /** Goes on where too little is there to learn from. */
  readonly anyway?: boolean;
  /** No table at the end: it is a part of something larger. */
  readonly quiet?: boolean;
}

/**
 * Executes stages of a run under its lock. What can be seen to be wrong before anything starts is an error before
 * run.json is written or anything is cleared. Whatever happens, the engines are gone and the lock is free
 * afterwards.
 */
export async function executeRun(app: App, options: Execute): Promise<void> {
  const { io, outcome } = app;
  const { run, only } = options;
  checkFolder(run, options.config, app.stages);
  requireSound(options.config, { only });
  const progress = chooseProgress(io, options.json);
  const absent = await checkOutside(io, options);
  if (!(await ensureModels(app, absent, { progress, download: options.download }))) return;
  if (absent.length > 0) await checkOutside(io, options);
  const release = lockRun(run);
  const flights = makeFlights(options.maxCost);
  let engines: Engines | undefined;
  try {
    const { config, machine } = await settle(app, options, progress);
    engines = app.openEngines({ config, run, io, flights, say: progress.say });
    writeRecord(options.place ?? run, {
      ...recordOf(io, options.config),
      ...(machine === undefined ? {} : { machine }),
    });
    const stopped = await untilStopped(io, flights, work(app, { ...options, config }, progress, engines, flights));
    if (stopped !== null) {
      progress.end("stopped", true);
      io.err("Stopped. The same command goes on from the last checkpoint.\n");
      outcome.code = stopped;
    }
  } finally {
    await engines?.close();
    release();
  }
}

/** Decides what the config leaves to `auto`; what a first start chose is said, once. */
async function settle(
  app: App,
  { run, config, anyHardware = false, fresh }: Execute,
  progress: Progress,
): Promise<Settled> {
  const known = fresh ? undefined : readRecord(run)?.machine;
  const { choose, hardware } = app.measure(app.io);
  const measure: Measure = {
    hardware,
    choose: (asked) => {
      if (asked.engine.dtype === "auto")
        progress.say(
          "Measures in which type this machine computes faster (auto): some seconds, longer where it is busy.",
        );
      return choose(asked);
    },
  };
  const settled = await settleMachine(config, { known, anyHardware, measure });
  if (known === undefined && settled.machine !== undefined) progress.say(chosenText(settled.machine));
  return settled;
}

async function work(app: App, options: Execute, progress: Progress, engines: Engines, flights: Flights): Promise<void> {
  const { io, stages } = app;
  const { run, config, only, fresh, anyway = false, place } = options;
  await runStages({
    run,
    ...(place === undefined ? {} : { place }),
    config,
    stages,
    fresh,
    anyway,
    ...(only === undefined ? {} : { only }),
    progress,
    engines,
    modelDir: (name) => modelDir(io, name),
    fetch: patientFetch(),
    flights,
    secret: (name) => io.env[name],
    now: monotonic,
  });
  if (options.json || options.quiet === true) return;
  const last = only === undefined || only.includes("eval") || only.includes("report");
  if (!last) return;
  const table = resultTable(run);
  if (table !== null) io.out(`\n${table}`);
  if (only === undefined || only.includes("report"))
    io.out(`\nReport: ${shown(io, join(run, "report", "index.html"))}\n`);
}

function recordOf(io: Io, config: Config): RunRecord {
  return {
    tagpr: version(),
    node: process.version,
    icu: ICU_VERSION,
    platform: `${process.platform}-${process.arch}`,
    revision: revision(packageRoot()),
    seed: config.seed,
    argv: io.argv,
    config,
  };
}

/** A path as a person would type it. */
function shown(io: Io, path: string): string {
  const near = relative(io.cwd, path);
  return near.startsWith("..") ? path : near;
}
