import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";
import { stageDir } from "../core/run-dir.ts";
import { readOwnRecord } from "../model/record.ts";
import { holdsNothing, readBegun, refuseForeign } from "./begun.ts";
import { refuseForgotten } from "./forget/forget.ts";
import type { Stage } from "./stage.ts";

/** What a run that died before it wrote run.json, or one of format 1 that died clearing a stage, may leave. */
const FIRST_FILES = /^(\.lock|run\.json\.part|engine\.log|\.cleared-\w+)$/;
/** What only stages write: ours where a stage has begun beside it. */
const BESIDE_STAGES: ReadonlySet<string> = new Set(["cache", "weights", "result.json"]);

/**
 * Before anything is written: the folder of a run is one, or has nothing in it that TagPR did not make; no file of a
 * person's stands where a stage writes; and the data that the run reads is not in a stage's folder. What says whose a
 * folder is are `run.json` and `begun.json`, never its name. @throws TagprError `run`
 */
export function checkFolder(run: string, config: Config, stages: readonly Stage[]): void {
  if (existsSync(run) && readOwnRecord(run) === null) checkLeftovers(run, stages);
  refuseForgotten(run);
  for (const stage of stages) refuseForeign(run, stage);
  const { paths, task } = config.data;
  for (const path of [...paths, ...(/\.ya?ml$/.test(task) ? [task] : [])]) {
    const stage = stages.find(({ name }) => isWithin(stageDir(run, name), path));
    if (stage !== undefined)
      throw new TagprError(
        "run",
        `${path} lies in ${stageDir(run, stage.name)}, which the run writes when it does ${stage.name}`,
        {
          hint: "Keep your data outside the run, or choose another --out.",
        },
      );
  }
}

function checkLeftovers(run: string, stages: readonly Stage[]): void {
  const names = guardDisk(run, () => readdirSync(run));
  const begun = new Set(stages.filter((stage) => readBegun(run, stage) !== null).map(({ name }): string => name));
  const own = (name: string): boolean => {
    if (FIRST_FILES.test(name) || begun.has(name)) return true;
    if (stages.some((stage) => stage.name === name)) return holdsNothing(join(run, name));
    // The bench's runs begin with a link to the store of all, which no clearing follows.
    const ours = begun.size > 0 || lstatSync(join(run, name)).isSymbolicLink() || holdsNothing(join(run, name));
    return BESIDE_STAGES.has(name) && ours;
  };
  if (!names.every(own))
    throw new TagprError("run", `${run} is not a run of TagPR (it has no run.json) and is not empty`, {
      hint: "Choose another folder with --out.",
    });
}

/** Whether `path` is `folder` or below it, links followed. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(real(folder), real(path));
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));
