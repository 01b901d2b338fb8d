import { existsSync } from "node:fs";
import { join } from "node:path";
import { hashable } from "../../core/config/added.ts";
import type { Config } from "../../core/config/schema.ts";
import { streamJsonl } from "../../core/jsonl.ts";
import { hashJson, readSeal } from "../../core/run-dir.ts";
import type { StageName } from "../../core/stages.ts";
import { causalFile, predictionFile } from "../../eval/prediction-file.ts";
import { methodOf } from "../../methods/index.ts";
import { readRecord } from "../../model/record.ts";
import { stageKey } from "../../run/key.ts";
import { stagesFor } from "../../run/needed.ts";
import type { Stage } from "../../run/stage.ts";
import { STAGES } from "../../run/stages/index.ts";
import { type Cell, cellId, FOLDERS, runId } from "../../suites/cells.ts";
import { modelDir } from "../engines.ts";
import type { Io } from "../io.ts";
import type { OpenedSuite } from "./open-suite.ts";

/** One method asked once in a cell: its answers, those with another user's items, or its chains step by step. */
export interface Ask {
  readonly method: string;
  readonly as: "answers" | "swapped" | "causal";
}

/** What a suite's folder and the runs of `--reuse` have already, found without writing anything. */
export interface Standing {
  /** Stages of the cell's run that are done as its config wants them. */
  done(cell: Cell): Promise<ReadonlySet<StageName>>;
  /** Queries of these tasks that have been asked so; a lower bound where an evaluation was begun again and stopped. */
  asked(cell: Cell, ask: Ask, tasks: ReadonlySet<string>): Promise<number>;
}

export function standing(io: Io, opened: OpenedSuite, dir: string): Standing {
  const known = new Map<string, Promise<ReadonlySet<StageName>>>();
  const placesOf = (cell: Cell): string[] => [
    join(dir, FOLDERS.runs, runId(cell)),
    ...opened.reuse.filter((run) => readRecord(run)?.config.seed === cell.seed),
  ];
  const done = (cell: Cell): Promise<ReadonlySet<StageName>> => {
    const found = known.get(runId(cell)) ?? doneIn(io, placesOf(cell), opened.runConfig(cell));
    known.set(runId(cell), found);
    return found;
  };
  return {
    done,
    asked: async (cell, ask, tasks) => {
      const config = opened.cellConfig(cell);
      const stages = await done(cell);
      const needed: StageName[] = ["data", ...methodOf(ask.method, config).trains];
      if (!needed.every((stage) => stages.has(stage))) return 0;
      const alike = opened.cells.filter((one) => askKey(opened, one, ask) === askKey(opened, cell, ask));
      const places = [
        ...alike.map((one) => join(dir, FOLDERS.cells, cellId(one))),
        ...(isRunsOwn(config, cell) ? placesOf(cell).slice(1) : []),
      ].filter((place) => readsAlike(place, config));
      const counts = await Promise.all(places.map((place) => linesOf(join(place, "eval", fileOf(ask)), tasks)));
      return Math.max(0, ...counts);
    },
  };
}

/** Equal where a run is asked the very same prompts: what was asked in one cell is not asked again in another. */
export function askKey(opened: OpenedSuite, cell: Cell, { method, as }: Ask): string {
  const config = opened.cellConfig(cell);
  const shows = methodOf(method, config).profile ? { ...config.profile, ...config.eval.profile } : null;
  return hashJson({ run: runId(cell), method, as, shows, elsewhere: cell.profile.elsewhere === true });
}

const fileOf = ({ method, as }: Ask): string =>
  as === "causal" ? causalFile(method) : `${as === "swapped" ? "swapped/" : ""}${predictionFile(method)}`;

/** Whether a run's own evaluation shows what the cell shows. */
const isRunsOwn = ({ profile, eval: { profile: own } }: Config, cell: Cell): boolean =>
  cell.profile.elsewhere !== true && hashJson({ ...profile, ...own }) === hashJson(profile);

/** Whether the answers in a folder were asked by settings that give the same prompts and the same decoding. */
function readsAlike(place: string, config: Config): boolean {
  const record = existsSync(join(place, "eval")) ? readRecord(place) : null;
  return record !== null && decodingOf(record.config) === decodingOf(config);
}

function decodingOf(config: Config): string {
  const { model, seed, prompt, eval: evaluation } = hashable(config);
  const { max_tokens, samples, temperatures, base, paths } = evaluation;
  return hashJson({ model, seed, prompt, max_tokens, samples, temperatures, base, paths });
}

async function linesOf(path: string, tasks: ReadonlySet<string>): Promise<number> {
  let n = 0;
  if (!existsSync(path)) return n;
  for await (const { task } of streamJsonl<{ readonly task: string }>(path)) if (tasks.has(task)) n++;
  return n;
}

/** A stage whose sources are not done is done again after them. */
async function doneIn(io: Io, places: readonly string[], config: Config): Promise<ReadonlySet<StageName>> {
  const done = new Set<StageName>();
  const wanted = stagesFor(STAGES, config);
  for (const stage of STAGES.filter(({ name }) => name !== "eval" && wanted.includes(name))) {
    const stand = sourcesOf(stage, config).every((source) => done.has(source));
    if (stand && (await isDone(io, places, stage, config))) done.add(stage.name);
  }
  return done;
}

async function isDone(io: Io, places: readonly string[], stage: Stage, config: Config): Promise<boolean> {
  for (const run of places) {
    const seal = readSeal(run, stage.name);
    if (seal === null) continue;
    // A model that is not here has trained nothing here.
    const key = await stageKey(stage, { run, config, modelDir: (name) => modelDir(io, name) }).catch(() => null);
    if (seal.key === key) return true;
  }
  return false;
}

const sourcesOf = (stage: Stage, config: Config): StageName[] =>
  STAGES.map(({ name }) => name).filter((name) => stage.reads(config).some((file) => file.split("/")[0] === name));

/**
 * By stage of a config what it does, its sources included: two runs whose stages are called the same do the work once.
 */
export function workKeys(config: Config): ReadonlyMap<StageName, string> {
  const keys = new Map<StageName, string>();
  for (const stage of STAGES)
    keys.set(
      stage.name,
      hashJson({
        ...{ stage: stage.name, seed: config.seed, model: config.model, config: stage.config(hashable(config)) },
        sources: sourcesOf(stage, config).map((source) => keys.get(source) ?? ""),
      }),
    );
  return keys;
}
