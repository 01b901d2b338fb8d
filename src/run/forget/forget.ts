import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { filesBelow } from "../../core/run-dir.ts";
import { markForgotten, noRun, readOwnRecord } from "../../model/record.ts";
import { readBegun } from "../begun.ts";
import type { Stage } from "../stage.ts";
import { SPLITS } from "../stages/gathered.ts";
import { type Cleaned, cleaned, cleanedOfOthers, mentions } from "./files.ts";
import { type Rows, rowsByModel, tableFolders, zeroRows } from "./rows.ts";
import { type Target, targetOf } from "./target.ts";

/** What becomes of a user in a run. */
export interface Forgetting {
  /** Files that change or go, in the order in which they do. */
  readonly files: readonly Omit<Cleaned, "write">[];
  /** Checkpoints whose tables lose rows, relative to the run; null: all rows, since which is whose isn't known. */
  readonly tables: readonly { readonly folder: string; readonly rows: Rows }[];
  /** Files that are not TagPR's and hold a text of the user, or their id: they stay. */
  readonly foreign: readonly string[];
  /** Links, behind which nothing was looked at. */
  readonly links: readonly string[];
}

/** Files of the run beside its stages'. */
const BESIDE = /^(?:result\.json|engine[\w-]*\.log|cache\/[\w./-]+\.jsonl)(?:\.part)?$/;

/**
 * Removes a user from a run's files: their texts, the chains, answers and scores made of them, and their row of the reward
 * model. `write: false` changes nothing. The caller holds the run's lock. One that was killed is done by calling again: whoever is not all gone
 * is found again.
 * @throws TagprError `run` where the folder is no run of TagPR's, `data` where it has no such user
 */
export async function forget(
  run: string,
  user: string,
  { stages, write, now }: { readonly stages: readonly Stage[]; readonly write: boolean; readonly now: () => Date },
): Promise<Forgetting> {
  requireRun(run);
  const target = await targetOf(run, user);
  const links = linksOf(run);
  const own = ownOf(run, stages);
  const cuttings = own.flatMap((file) => cleaned(run, file, target, crosses(run, file)) ?? []);
  // What says who they are goes last: a command that was cut short is done again.
  const ordered = [...cuttings.filter(({ file }) => !isSplit(file)), ...cuttings.filter(({ file }) => isSplit(file))];
  const tables = links.includes("weights") ? [] : tablesOf(run, own, target);
  const known = new Set([...own, ...seals(run, stages), "run.json", ".lock"]);
  const foreign = everyFile(run, links).filter((file) => !known.has(file) && mentions(join(run, file), target));
  const found = { files: ordered.map(({ file, removed }) => ({ file, removed })), tables, foreign, links };
  if (!write) return found;
  markForgotten(run, now());
  for (const { folder, rows } of tables) zeroRows(join(run, folder), rows);
  for (const stage of stages)
    if (ordered.some(({ file }) => file.startsWith(`${stage.name}/`)))
      rmSync(join(run, stage.name, "stage.json"), { force: true });
  for (const one of ordered.filter(({ file }) => !isSplit(file))) one.write();
  // Their own examples stay until nothing else is left, by which the rest of them is known.
  for (const file of own.filter(isSplit)) cleanedOfOthers(run, file, target)?.write();
  for (const file of own.filter(isSplit)) cleaned(run, file, target, false)?.write();
  return found;
}

export function requireRun(run: string): void {
  if (!existsSync(run) || !lstatSync(run).isDirectory() || readOwnRecord(run) === null) throw noRun(run);
}

/** Where their queries and texts stand, which say what is theirs anywhere else. */
const isSplit = (file: string): boolean => SPLITS.some((name) => file === `data/${name}.jsonl`);

/** Where rejected responses are made of another user's items, pairs are of two users. */
function crosses(run: string, file: string): boolean {
  if (!/(^|\/)(?:pairs|responses)\.jsonl$/.test(file)) return false;
  return readOwnRecord(run)?.config.prmu?.prp_against === "other_profile";
}

function ownOf(run: string, stages: readonly Stage[]): string[] {
  const ofStages = stages.flatMap((stage) =>
    existsSync(join(run, stage.name)) && !lstatSync(join(run, stage.name)).isSymbolicLink()
      ? (readBegun(run, stage)?.files ?? []).map((file) => `${stage.name}/${file}`)
      : [],
  );
  // A kill leaves parts of files, also where the file was never there.
  const there = ofStages
    .toSorted()
    .flatMap((file) => [file, `${file}.part`])
    .filter((file) => lstatSync(join(run, file), { throwIfNoEntry: false })?.isDirectory() === false);
  const beside = everyFile(run, linksOf(run)).filter((file) => BESIDE.test(file));
  return [...new Set([...there, ...beside])];
}

const seals = (run: string, stages: readonly Stage[]): string[] =>
  stages.flatMap(({ name }) => (existsSync(join(run, name)) ? [`${name}/stage.json`, `${name}/begun.json`] : []));

/** All files but weights, links not followed. */
function everyFile(run: string, links: readonly string[]): string[] {
  const files = readdirSync(run).flatMap((name) => {
    if (name === "weights" || links.includes(name)) return [];
    return lstatSync(join(run, name)).isDirectory()
      ? filesBelow(join(run, name)).map((file) => `${name}/${file.replaceAll("\\", "/")}`)
      : [name];
  });
  return files.sort();
}

const linksOf = (run: string): string[] =>
  readdirSync(run).filter((name) => lstatSync(join(run, name)).isSymbolicLink());

function tablesOf(run: string, own: readonly string[], { owners }: Target): Forgetting["tables"] {
  const known = rowsByModel(own.filter((file) => /(^|\/)scorer\.json$/.test(file)).map((file) => join(run, file)));
  return tableFolders(join(run, "weights")).flatMap(({ model, folder }) => {
    const table = known.get(model);
    const rows = table === undefined ? null : [...owners].flatMap((owner) => table[owner] ?? []);
    return rows === null || rows.length > 0 ? [{ folder: folder.slice(run.length + 1), rows }] : [];
  });
}

/** @throws TagprError `run` where a user of this run was forgotten: it can be neither gone on with nor done again */
export function refuseForgotten(run: string): void {
  const times = readOwnRecord(run)?.forgotten ?? [];
  const [first] = times;
  if (first === undefined) return;
  throw new TagprError("run", `${run} is no longer reproducible: it forgot a user on ${first.slice(0, 10)}`, {
    hint: "Its models can still be asked and exported. Begin another run with --out, on data without them.",
  });
}
