import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";
import { isStageFolder, stageDir } from "../core/run-dir.ts";
import { readRecord } from "./record.ts";
import { STAGE_NAMES } from "./stage.ts";

/** What a run that died, before it wrote run.json or while it cleared a stage, may leave. */
const FIRST_FILES = /^(\.lock|run\.json\.part|engine\.log|\.cleared-\w+)$/;
/** What only stages write: ours where a stage's folder stands beside it. */
const BESIDE_STAGES: ReadonlySet<string> = new Set(["cache", "weights", "result.json"]);

/**
 * Before anything is written: the folder of a run is one, or has nothing in it that TagPR did not make, and the data
 * that the run reads is not in a place that the run clears. @throws TagprError `run`
 */
export function checkFolder(run: string, config: Config): void {
  if (existsSync(run) && readRecord(run) === null) checkLeftovers(run);
  const { paths, task } = config.data;
  for (const path of [...paths, ...(/\.ya?ml$/.test(task) ? [task] : [])]) {
    const stage = STAGE_NAMES.find((name) => isWithin(stageDir(run, name), path));
    if (stage !== undefined)
      throw new TagprError(
        "run",
        `${path} lies in ${stageDir(run, stage)}, which the run clears when it does ${stage}`,
        {
          hint: "Keep your data outside the run, or choose another --out.",
        },
      );
  }
}

function checkLeftovers(run: string): void {
  const names = guardDisk(run, () => readdirSync(run));
  const begun = STAGE_NAMES.some((name) => isStageFolder(stageDir(run, name)));
  const own = (name: string): boolean => {
    if (FIRST_FILES.test(name)) return true;
    if (STAGE_NAMES.some((stage) => stage === name)) return isStageFolder(join(run, name));
    return BESIDE_STAGES.has(name) && (begun || holdsNothing(join(run, name)));
  };
  if (!names.every(own))
    throw new TagprError("run", `${run} is not a run of TagPR (it has no run.json) and is not empty`, {
      hint: "Choose another folder with --out.",
    });
}

/** An empty folder, or a link: the bench's runs begin with one to the store of all, which no clearing follows. */
const holdsNothing = (path: string): boolean =>
  lstatSync(path).isSymbolicLink() || (lstatSync(path).isDirectory() && readdirSync(path).length === 0);

/** Whether `path` is `folder` or below it, links followed. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(real(folder), real(path));
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));
