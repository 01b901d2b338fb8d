import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import { formatOf, RUN_FORMAT } from "../core/format.ts";
import { guardDisk, writeJson } from "../core/jsonl.ts";
import { filesBelow, LOOP_FILES, readSeal, stageDir } from "../core/run-dir.ts";
import { isObject } from "../data/lamp/record.ts";
import type { Stage } from "./stage.ts";

/**
 * `begun.json`, written before anything else of a stage: for which inputs it was begun, and which files are its own.
 * Nothing that isn't listed here is ever deleted, sealed or taken for the stage's.
 */
export interface Begun {
  readonly format: number;
  /** Of the stage's inputs and config; empty while the stage is cleared. */
  readonly key: string;
  /** Of earlier attempts that were cut short. */
  readonly seconds: number;
  /** Paths relative to the stage's folder. */
  readonly files: readonly string[];
}

type Owner = Pick<Stage, "name" | "writes" | "alsoWrites">;

const pathOf = (run: string, stage: string): string => join(stageDir(run, stage), "begun.json");

/** What any stage may write: the logs of training loops. */
const namesOf = ({ writes }: Owner): string[] => [...writes, ...LOOP_FILES];

/** Pictures of a report, whose names stages of format 1 did not list. */
const OLD_PICTURE = /^plots\/[a-z][\w-]*\.(svg|png)$/;

/**
 * What a stage says of its beginning, or null where none of TagPR's has begun in the folder.
 * @throws TagprError `run` where the file is somebody else's, or a later TagPR's
 */
export function readBegun(run: string, stage: Owner): Begun | null {
  const path = pathOf(run, stage.name);
  const sealed = readSeal(run, stage.name);
  if (!existsSync(path)) return sealed === null ? null : { ...old(stage, sealed.outputs), key: sealed.key, seconds: 0 };
  const value = parsed(path);
  if (!isObject(value) || typeof value.key !== "string" || typeof value.seconds !== "number")
    throw new TagprError("run", `${path} was not written by TagPR (it holds no key)`, {
      hint: "Move it away, or choose another folder for the run with --out.",
    });
  const { key, seconds, files } = value;
  if (formatOf(path, value) === 1) return { ...old(stage, sealed?.outputs ?? {}), key, seconds };
  const listed = Array.isArray(files) ? files.filter((file) => typeof file === "string" && isInside(file)) : [];
  return { format: RUN_FORMAT, key, seconds, files: listed };
}

/** A run of format 1 lists everything that was in the folder, a person's notes too: only what stages write is its own. */
function old(stage: Owner, outputs: Readonly<Record<string, string>>): Pick<Begun, "format" | "files"> {
  const pictures = stage.name === "report" ? Object.keys(outputs).filter((file) => OLD_PICTURE.test(file)) : [];
  return { format: 1, files: [...namesOf(stage), ...pictures] };
}

/** Whoever wrote the list: nothing outside the stage's folder is the stage's. */
const isInside = (file: string): boolean => !/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0/.test(file);

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? `${path} is not JSON` : readFault(path, error);
    throw new TagprError("run", `${why}: TagPR did not write it, or it was edited`, {
      hint: "Move it away, or choose another folder for the run with --out.",
      cause: error,
    });
  }
}

/**
 * Begins a stage, or goes on with one: its own names, and those that it claims, are listed before any of its files is
 * written. @throws TagprError `run` where a person's file has such a name
 */
export function begin(
  run: string,
  stage: Owner,
  made: Pick<Begun, "key" | "seconds">,
  claimed: readonly string[] = [],
): void {
  const names = [...namesOf(stage), ...claimed];
  refuseForeign(run, stage, names);
  const files = [...new Set([...(readBegun(run, stage)?.files ?? []), ...names])];
  writeJson(pathOf(run, stage.name), { format: RUN_FORMAT, ...made, files } satisfies Begun);
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const isFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;

/** Files of the stage that stand there, relative to its folder. */
export function ownFiles(run: string, stage: Owner): string[] {
  const files = readBegun(run, stage)?.files ?? [];
  return files.filter((file) => isFile(join(stageDir(run, stage.name), file))).sort();
}

/** What else stands in a stage's folder: a person's. */
export function foreignFiles(run: string, stage: Owner): string[] {
  const dir = stageDir(run, stage.name);
  if (!existsSync(dir)) return [];
  const own = new Set(["begun.json", "stage.json", ...(readBegun(run, stage)?.files ?? [])]);
  return filesBelow(dir).filter((file) => !own.has(file.replace(/\.part$/, "")));
}

/**
 * A stage begins in a folder that is empty or that it began in before, and what it is about to list as its own must not
 * stand there already. @throws TagprError `run` that names what is in the way
 */
export function refuseForeign(run: string, stage: Owner, names: readonly string[] = namesOf(stage)): void {
  const dir = stageDir(run, stage.name);
  const begun = readBegun(run, stage);
  if (begun === null && existsSync(dir) && !holdsNothing(dir))
    throw new TagprError("run", `${dir} was not made by TagPR (it has neither begun.json nor stage.json)`, {
      hint: "Move it away, or choose another folder for the run with --out.",
    });
  for (const file of stage.alsoWrites ?? []) refuseLater(join(dir, file));
  const listed = new Set(begun?.files ?? []);
  const beside = begun === null ? (stage.alsoWrites ?? []).filter((file) => !isResult(join(dir, file))) : [];
  const inTheWay = [...names.filter((file) => !listed.has(file)), ...beside].find((file) => isThere(join(dir, file)));
  if (inTheWay !== undefined)
    throw new TagprError("run", `${join(dir, inTheWay)} was not made by TagPR, and ${stage.name} would write over it`, {
      hint: "Move it away, or choose another folder for the run with --out.",
    });
}

/** An empty folder, or one whose beginning was cut short: nothing in it tells whose it is, and nothing can be lost. */
export const holdsNothing = (path: string): boolean =>
  statSync(path).isDirectory() && readdirSync(path).every((name) => name === "begun.json.part");

/** Whether a `result.json` is an evaluation's, whose folder may have been deleted to do it again. */
function isResult(path: string): boolean {
  const value = objectIn(path);
  return Array.isArray(value?.rows) && Array.isArray(value.paired) && isObject(value.details);
}

/** A result that a later TagPR has written is not written over. */
function refuseLater(path: string): void {
  const value = objectIn(path);
  if (value !== null) formatOf(path, value);
}

function objectIn(path: string): Record<string, unknown> | null {
  if (!isFile(path)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Forgets everything that a stage wrote (its inputs or config changed). What isn't the stage's own stays.
 * Answers what stays.
 */
export function clearStage(run: string, stage: Owner): string[] {
  const begun = readBegun(run, stage);
  if (begun === null) return foreignFiles(run, stage);
  const dir = stageDir(run, stage.name);
  const foreign = foreignFiles(run, stage);
  guardDisk(dir, () => {
    // First of all: half a folder, left by a kill, would look like work to go on with.
    begin(run, stage, { key: "", seconds: 0 });
    for (const file of ["stage.json", ...begun.files])
      for (const name of [file, `${file}.part`]) if (isFile(join(dir, name))) rmSync(join(dir, name));
    for (const folder of new Set(begun.files.map(dirname))) if (folder !== ".") removeEmpty(join(dir, folder));
  });
  return foreign;
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // A person's files are in it, or it was never made.
  }
}
