import { cpSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { filesBelow, readSeal, stageDir } from "../core/run-dir.ts";
import type { Stage, StageContext } from "./stage.ts";

/**
 * The same stages, but what one run has finished the others of equal key take from the shelf: by hard links, since
 * nothing is written into a finished stage's files. Weights are named by path, so those runs must share a store. A run
 * that comes to what another is doing waits for it. `finished`: runs whose stages may be taken too.
 */
export function sharing(stages: readonly Stage[], shelf: string, finished: readonly string[] = []): Stage[] {
  const going = new Map<string, Promise<void>>();
  return stages.map((stage) =>
    stage.alsoWrites === undefined ? { ...stage, run: shared(stage, shelf, finished, going) } : stage,
  );
}

function shared(
  stage: Stage,
  shelf: string,
  finished: readonly string[],
  going: Map<string, Promise<void>>,
): Stage["run"] {
  return async (context) => {
    const kept = join(shelf, `${stage.name}-${context.key}`);
    const other = finished.find((run) => readSeal(run, stage.name)?.key === context.key);
    if (other !== undefined) {
      take(stageDir(other, stage.name), context.dir);
      context.progress.say(`${stage.name}: taken from ${basename(other)}`);
      return;
    }
    // Where the other one fails or is stopped, the work is this one's.
    for (let busy = going.get(kept); busy !== undefined; busy = going.get(kept)) await busy.catch(() => {});
    if (existsSync(kept)) {
      take(kept, context.dir);
      context.progress.say(`${stage.name}: another run has done the same`);
      return;
    }
    const own = make(stage, context, kept).finally(() => going.delete(kept));
    going.set(kept, own);
    await own;
  };
}

async function make(stage: Stage, context: StageContext, kept: string): Promise<void> {
  await stage.run(context);
  const part = `${kept}.part`;
  rmSync(part, { recursive: true, force: true });
  take(context.dir, part);
  renameSync(part, kept);
}

/** Each run has its own beginning and its own attempts, and its seal is written after. */
const OWN = new Set(["begun.json", "stage.json", "models.jsonl", "stopped.jsonl"]);

function take(from: string, to: string): void {
  for (const file of filesBelow(from).filter((name) => !OWN.has(name))) {
    const target = join(to, file);
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    link(join(from, file), target);
  }
}

/** Not every file system has hard links. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}
