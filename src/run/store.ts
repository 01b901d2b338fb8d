import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { guardDisk } from "../core/jsonl.ts";

/** What the engine writes into a checkpoint's folder: weights, config, tokenizer, and what it says of itself. */
const CHECKPOINT_FILES =
  /^(engine|config|generation_config|tokenizer|tokenizer_config|special_tokens_map|vocab)\.json$|^(merges|vocab)\.txt$|^chat_template\.jinja$|^(model|optimizer|adapter|user_embeddings)\.safetensors$/;
/** Where it saves before it renames, and what waits to be removed. */
const LEFT_OVER = /^\.(tmp|old|old-for)-[0-9a-f]{12}/;

/**
 * Deletes the engine's checkpoints of a run, `STORE/<model>/<weights|sampler_weights>/<name>/`, each known by its
 * `engine.json`. Nothing else goes, and a store that is a link belongs to others too. Answers what stays, relative to it.
 */
export function clearStore(store: string): string[] {
  const stat = lstatSync(store, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return ["."];
  return guardDisk(store, () => {
    const kept: string[] = [];
    for (const model of readdirSync(store)) {
      if (!isFolder(join(store, model))) kept.push(model);
      else kept.push(...clearModel(join(store, model)).map((name) => join(model, name)));
      removeEmpty(join(store, model));
    }
    removeEmpty(store);
    return kept;
  });
}

function clearModel(model: string): string[] {
  const kept: string[] = [];
  for (const kind of readdirSync(model)) {
    const folder = join(model, kind);
    if (!["weights", "sampler_weights"].includes(kind) || !isFolder(folder)) {
      kept.push(kind);
      continue;
    }
    for (const name of readdirSync(folder))
      if (!clearCheckpoint(join(folder, name), LEFT_OVER.test(name))) kept.push(join(kind, name));
    removeEmpty(folder);
  }
  return kept;
}

/** Whether all of it went. */
function clearCheckpoint(folder: string, leftOver: boolean): boolean {
  if (!isFolder(folder) || !(leftOver || existsSync(join(folder, "engine.json")))) return false;
  // What says that the rest is the engine's goes last: a kill in between leaves it known.
  const names = readdirSync(folder).filter((name) => CHECKPOINT_FILES.test(name) && !isFolder(join(folder, name)));
  for (const name of names.sort((a, b) => Number(a === "engine.json") - Number(b === "engine.json")))
    rmSync(join(folder, name));
  return removeEmpty(folder);
}

const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
