import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TagprError } from "./errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Folder of this installation: the nearest one above with `package.json`, from source and when built. */
export function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, "package.json"))) {
    const up = dirname(dir);
    if (up === dir) throw new TagprError("internal", "package.json is missing from this installation");
    dir = up;
  }
  return dir;
}

export function version(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  return version;
}

/** Whether this is a clone of the repository; a package comes without sources. */
export const isCheckout = (): boolean => existsSync(join(packageRoot(), "src"));

/** What set-up makes and what is kept for all runs. */
export interface Home {
  readonly dir: string;
  /** The virtual environment with the engine's requirements. */
  readonly venv: string;
  /** Unpacked models and embeddings. */
  readonly cache: string;
}

/** `TAGPR_HOME`, else the checkout, else a cache folder of the user: a package's own folder goes with the next install. */
export function homeOf(env: Environment): Home {
  const root = packageRoot();
  if (isCheckout() && !env.TAGPR_HOME) return { dir: root, venv: join(root, ".venv"), cache: join(root, ".cache") };
  const dir = env.TAGPR_HOME ? resolve(env.TAGPR_HOME) : join(userCache(env, process.platform), "tagpr");
  return { dir, venv: join(dir, "venv"), cache: dir };
}

/** Where a system keeps what programs can make again. */
export function userCache(env: Environment, platform: NodeJS.Platform): string {
  if (platform === "darwin") return join(homedir(), "Library", "Caches");
  if (platform === "win32") return env.LOCALAPPDATA || join(homedir(), "AppData", "Local");
  return env.XDG_CACHE_HOME || join(homedir(), ".cache");
}

/** Where models that come as packages are unpacked, once for all runs. */
export const modelsDir = (env: Environment): string => join(homeOf(env).cache, "models");

/** The engine's Python: `TAGPR_PYTHON`, else the one of the environment that set-up made, else what PATH has. */
export function enginePython(env: Environment): string {
  if (env.TAGPR_PYTHON) return env.TAGPR_PYTHON;
  const { venv } = homeOf(env);
  const own = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  return existsSync(own) ? own : "python3";
}
