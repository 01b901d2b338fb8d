import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../core/config/schema.ts";
import { makeFolder } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";
import type { Progress } from "../core/progress.ts";
import { filesBelow, isSealed, readSeal, seal, stageDir } from "../core/run-dir.ts";
import type { StageName } from "../core/stages.ts";
import type { Engines } from "../engine/engines.ts";
import type { Flights } from "../llm/flights.ts";
import type { Fetch } from "../llm/http.ts";
import { begin, clearStage, ownFiles, readBegun, refuseForeign } from "./begun.ts";
import { stageKey } from "./key.ts";
import type { Stage, StageContext } from "./stage.ts";
import { clearStore } from "./store.ts";

export interface RunOptions {
  readonly run: string;
  /**
   * Where the stages' folders stand, instead of in the run: an evaluation of what a run has trained that leaves the run's own
   * as it is. The run then only gives, but for the answers that are kept in its cache.
   */
  readonly place?: string;
  readonly config: Config;
  readonly stages: readonly Stage[];
  /** Only these; what they read must stand there, sealed. */
  readonly only?: readonly StageName[];
  /** Do the stages again from nothing. */
  readonly fresh?: boolean;
  readonly progress: Progress;
  readonly engines: Engines;
  readonly modelDir: (name: string) => Promise<string>;
  readonly fetch: Fetch;
  readonly flights: Flights;
  readonly secret: (name: string) => string | undefined;
  readonly now: () => number;
  /** Go on where too little is there to learn from. */
  readonly anyway?: boolean;
}

/** What became of each stage. */
export type Outcome = "done" | "unchanged";

/** Clocks and logs of the writing itself: no other stage's key may hang on them. */
const UNSEALED: ReadonlySet<string> = new Set(["timings.jsonl", "checkpoints.jsonl", "models.jsonl", "stopped.jsonl"]);

/**
 * Executes the stages that the config wants, in order: a sealed one whose inputs and config are unchanged is skipped,
 * an unfinished one goes on from where it was, one whose inputs changed is done again. The caller holds the run's lock.
 */
export async function runStages(options: RunOptions): Promise<Readonly<Partial<Record<StageName, Outcome>>>> {
  const outcomes: Partial<Record<StageName, Outcome>> = {};
  const needed = options.stages.filter((stage) => stage.wanted?.(options.config) ?? true);
  const stages = needed.filter(({ name }) => options.only?.includes(name) ?? true);
  if (options.only?.length === 1 && stages.length === 0)
    options.progress.say(`${options.only[0]}: nothing to do, no method of eval.methods needs it`);
  // Whatever is in the way is in the way before the first hour of work.
  const place = options.place ?? options.run;
  for (const stage of stages) refuseForeign(place, stage);
  if (options.fresh === true) forget(options, stages, needed);
  for (const stage of stages) outcomes[stage.name] = await runStage(stage, needed, options);
  const kept = stages.map(({ name }) => name).filter((name) => outcomes[name] === "unchanged");
  if (kept.length > 0 && kept.length === stages.length)
    options.progress.say(`${kept.join(", ")}: done before, nothing changed`);
  return outcomes;
}

async function runStage(stage: Stage, needed: readonly Stage[], options: RunOptions): Promise<Outcome> {
  const { run, config, progress, place = run } = options;
  if (options.only !== undefined) await checkInputs(stage, options);
  const key = await stageKey(stage, options);
  if (key === null) throw missingInput(stage, options);
  if (await isStageSealed(place, stage, key)) return "unchanged";
  const dir = stageDir(place, stage.name);
  await stage.check?.({ run, config });
  const before = prepare(stage, key, options);
  const started = options.now();
  const spent = (): number => before + (options.now() - started) / 1000;
  const { engines, modelDir, fetch, flights, secret, now, anyway = false } = options;
  const context: StageContext = {
    ...{ run, dir, config, key, engines, modelDir, fetch, flights, secret, now, spent, anyway },
    claim: (files) => begin(place, stage, { key, seconds: spent() }, files),
    progress: numbered(progress, stage, needed),
  };
  try {
    await runWithEngine(stage, context);
  } catch (error) {
    if (existsSync(dir)) begin(place, stage, { key, seconds: spent() });
    throw error;
  }
  const outputs = [...ownFiles(place, stage).filter((file) => !UNSEALED.has(file)), ...(stage.alsoWrites ?? [])];
  await seal(place, stage.name, key, outputs, Math.round(spent() * 10) / 10);
  return "done";
}

/** Losses of an engine in a row, with nothing written between them, after which a run gives up. */
const MOST_LOSSES = 5;

/**
 * Runs the stage; when an engine's process dies under it, all engines are started anew and the stage goes on from its
 * last checkpoint, as a restarted command would.
 */
async function runWithEngine(stage: Stage, context: StageContext): Promise<void> {
  let losses = 0;
  let stood = "";
  for (;;) {
    try {
      return await stage.run(context);
    } catch (error) {
      if (!(error instanceof TagprError) || error.code !== "engine_lost") throw error;
      const stands = durableFiles([context.dir, join(context.run, "cache")]);
      losses = stands === stood ? losses + 1 : 1;
      stood = stands;
      if (losses === MOST_LOSSES) throw error;
      context.progress.say(`${stage.name}: ${error.message}; started anew, on from the last checkpoint`);
      await context.engines.close();
    }
  }
}

/** Names and sizes of what a resumed stage goes on from: its own files, and answers and vectors that are kept by content. */
function durableFiles(dirs: readonly string[]): string {
  const there = dirs.filter((dir) => existsSync(dir));
  const kept = there.flatMap((dir) =>
    filesBelow(dir)
      .filter((file) => !REPLAYED.test(file))
      .map((file) => join(dir, file)),
  );
  return kept.map((path) => `${path} ${statSync(path).size}`).join("\n");
}

/** Cut back to the last checkpoint when a stage goes on, or about the attempt itself. */
const REPLAYED = /^(begun\.json|(.*\/)?(metrics|timings|samples|models)\.jsonl|.*\.part)$/;

/** Whether the stage was done with this key and nothing of its own was changed since; a person's notes don't count. */
async function isStageSealed(run: string, stage: Stage, key: string): Promise<boolean> {
  if (readSeal(run, stage.name) === null) return false;
  const own = new Set([...(readBegun(run, stage)?.files ?? []), ...(stage.alsoWrites ?? [])]);
  return isSealed(run, stage.name, key, (file) => own.has(file));
}

/** Makes the stage's folder ready; answers the seconds that earlier attempts at the same work took. */
function prepare(stage: Stage, key: string, { run, progress, place = run }: RunOptions): number {
  const dir = stageDir(place, stage.name);
  const begun = readBegun(place, stage);
  const sealed = readSeal(place, stage.name);
  const resumable = begun?.key === key && sealed === null;
  if (resumable) progress.say(`${stage.name}: goes on where it stopped`);
  else if (begun !== null && begun.key !== "") {
    const kept = clearStage(place, stage);
    if (sealed !== null && sealed.key === key) progress.say(`${stage.name}: its files were changed; done again`);
    else progress.say(`${stage.name}: its config or inputs changed; done again`);
    sayKept(progress, stage.name, kept);
  }
  guardDisk(dir, () => makeFolder(dir));
  const seconds = resumable ? begun.seconds : 0;
  begin(place, stage, { key, seconds });
  return seconds;
}

function sayKept(progress: Progress, name: string, kept: readonly string[]): void {
  if (kept.length === 0) return;
  const named = kept.slice(0, 3).join(", ") + (kept.length > 3 ? `, … (${kept.length} in all)` : "");
  progress.say(`${name}: ${named} in its folder ${kept.length === 1 ? "is" : "are"} not TagPR's and stayed`);
}

/** A stage alone trusts only sealed stages whose own inputs and config are unchanged. */
async function checkInputs(stage: Stage, options: RunOptions): Promise<void> {
  const { run, config, stages, only } = options;
  const sources = new Set(stage.reads(config).map((file) => file.split("/")[0] ?? ""));
  for (const source of stages.filter(({ name }) => sources.has(name) && only?.includes(name) !== true)) {
    const key = await stageKey(source, options);
    if (key === null || !(await isStageSealed(run, source, key)))
      throw new TagprError("run", `${stage.name} needs ${source.name}, which is not done for this config`, {
        hint: `First run \`tagpr ${source.name} ${run}\`; \`tagpr run\` does all stages in order.`,
      });
  }
}

function missingInput(stage: Stage, { run, config }: RunOptions): TagprError {
  const missing = stage.reads(config).find((file) => !existsSync(join(run, file))) ?? "";
  const source = missing.split("/")[0] ?? "";
  return new TagprError("run", `${stage.name} reads ${join(run, missing)}, which is not there`, {
    hint: `First run \`tagpr ${source} ${run}\`; \`tagpr run\` does all stages in order.`,
  });
}

/** The stages' files; and the engine's store, when no stage is left that could need weights of it. */
function forget({ run, progress, place = run }: RunOptions, stages: readonly Stage[], all: readonly Stage[]): void {
  for (const stage of stages) sayKept(progress, stage.name, clearStage(place, stage));
  if (stages.length < all.length || place !== run) return;
  sayKept(progress, "weights", clearStore(join(run, "weights")));
}

/** `3/8 SFT` */
function numbered(progress: Progress, stage: Stage, of: readonly Stage[]): Progress {
  const place = `${of.indexOf(stage) + 1}/${of.length}`;
  return { ...progress, start: (title, total) => progress.start(`${place} ${title}`, total) };
}
