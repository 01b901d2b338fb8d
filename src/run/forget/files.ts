import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { guardDisk, lines, writeAtomic, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { isObject } from "../../data/lamp/record.ts";
import { GONE, scrub } from "./scrub.ts";
import { holds, type Target } from "./target.ts";

/** What goes of a file: so many of its lines or lists' entries, or all of it. */
export interface Cleaned {
  /** Relative to the run. */
  readonly file: string;
  /** Null: the whole file. */
  readonly removed: number | null;
  readonly write: () => void;
}

/** Whole files that quote users among others, or hold what was said of one user's items about another. */
const WHOLE = [
  // What a kill left of a file that was being written.
  /\.part$/,
  /^report\//,
  /(^|\/)faults\.jsonl$/,
  /^eval(?:-[\w-]+)?\/swapped\//,
  // Answers and vectors by the hash of their prompt: whose they are can't be told.
  /^cache\//,
];

/** How one of a run's own files is cleaned; null where it holds nothing of the user. `everything`: it goes whatever it holds. */
export function cleaned(run: string, file: string, target: Target, everything: boolean): Cleaned | null {
  const path = join(run, file);
  const remove = { file, removed: null, write: (): void => guardDisk(path, () => rmSync(path, { force: true })) };
  if (everything || WHOLE.some((whole) => whole.test(file))) return remove;
  if (file.endsWith(".jsonl")) return ofLines(file, path, (value) => scrub(value, target));
  if (file.endsWith(".json")) return ofJson(path, target, remove);
  return ofText(file, path, target);
}

/** Removes from a file of examples what others' lines hold of the user; the user's own stay. Null where they hold nothing. */
export function cleanedOfOthers(run: string, file: string, target: Target): Cleaned | null {
  const own = (value: unknown): boolean => isObject(value) && value.user === target.user;
  return ofLines(file, join(run, file), (value) => (own(value) ? value : scrub(value, target)));
}

function ofLines(file: string, path: string, scrubbed: (value: unknown) => unknown): Cleaned | null {
  let removed = 0;
  const kept = function* (): Generator<unknown> {
    removed = 0;
    for (const line of lines(readFileSync(path))) {
      const value = parsed(line);
      // What a kill has torn is nobody's to read, and may be theirs.
      const left = value === undefined ? GONE : scrubbed(value);
      if (left === GONE || JSON.stringify(left) !== JSON.stringify(value)) removed++;
      if (left !== GONE) yield left;
    }
  };
  for (const _ of kept());
  return removed === 0 ? null : { file, removed, write: () => writeJsonl(path, kept()) };
}

function ofJson(path: string, target: Target, remove: Cleaned): Cleaned | null {
  const value = parsed(readFileSync(path, "utf8"));
  const left = value === undefined ? GONE : scrub(value, target);
  if (left === GONE) return remove;
  if (JSON.stringify(left) === JSON.stringify(value)) return null;
  return { file: remove.file, removed: 1, write: () => writeJson(path, left) };
}

/** A log: lines that hold a text of theirs, or their id. */
function ofText(file: string, path: string, target: Target): Cleaned | null {
  const all = readFileSync(path, "utf8").split("\n");
  const left = all.filter((line) => !holds(target, line) && !line.includes(target.user));
  const removed = all.length - left.length;
  return removed === 0 ? null : { file, removed, write: () => writeAtomic(path, left.join("\n")) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a file that is not TagPR's holds a text of theirs, or their id between quotation marks. */
export function mentions(path: string, target: Target): boolean {
  if (!existsSync(path)) return false;
  const text = readFileSync(path, "latin1");
  const bytes = (one: string): string => Buffer.from(one, "utf8").toString("latin1");
  return (
    text.includes(bytes(JSON.stringify(target.user))) ||
    target.texts.some((one) => text.includes(bytes(one)) || text.includes(bytes(JSON.stringify(one).slice(1, -1))))
  );
}
