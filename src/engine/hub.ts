import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { readJson } from "../core/jsonl.ts";
import type { Environment } from "./process.ts";

/** `Qwen/Qwen3-8B`: an organisation and a model, as the Hugging Face hub names them. */
export const isHubName = (name: string): boolean => /^\w[\w.-]*\/\w[\w.-]*$/.test(name) && !/--|\.\./.test(name);

/** Where the hub's own tools keep the newest snapshot of a repository; undefined where there is none with a `config.json`. */
export function hubSnapshot(name: string, env: Environment): string | undefined {
  if (!isHubName(name)) return undefined;
  const repo = join(hubCache(env), `models--${name.replace("/", "--")}`);
  const snapshots = join(repo, "snapshots");
  if (!existsSync(snapshots)) return undefined;
  const main = join(repo, "refs", "main");
  const revisions = existsSync(main) ? [readFileSync(main, "utf8").trim()] : readdirSync(snapshots);
  return revisions
    .map((revision) => join(snapshots, revision))
    .find((folder) => existsSync(join(folder, "config.json")));
}

/** The hub's tools have one rule for all systems. */
function hubCache(env: Environment): string {
  const here = (path: string): string => path.replace(/^~(?=[/\\]|$)/, homedir());
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || "~/.cache", "huggingface");
  return here(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, "hub"));
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** Whether a snapshot has all of its weights: a download that was cut off leaves a folder without some of them. */
export function holdsWeights(dir: string): boolean {
  const index = join(dir, "model.safetensors.index.json");
  if (!existsSync(index)) return existsSync(join(dir, "model.safetensors"));
  const read = indexSchema.safeParse(readJson<unknown>(index));
  return read.success && Object.values(read.data.weight_map).every((file) => existsSync(join(dir, file)));
}
