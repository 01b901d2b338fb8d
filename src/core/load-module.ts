import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { messageOf, TagprError } from "./errors.ts";

/**
 * A JavaScript or TypeScript module given by its absolute path. TypeScript is read by Node itself where it can (22.18 and
 * later), else by jiti.
 * @throws TagprError where there is no such file or it can't be loaded
 */
export async function loadModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path))
    throw new TagprError("usage", `there is no module ${path}`, { hint: "Paths are taken from where the run began." });
  try {
    return await importAny(path);
  } catch (error) {
    throw new TagprError("usage", `${path} can't be loaded: ${messageOf(error)}`, { cause: error });
  }
}

async function importAny(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    const unread = (error as { code?: unknown }).code === "ERR_UNKNOWN_FILE_EXTENSION";
    if (!unread) throw error;
    const { createJiti } = await import("jiti");
    return await createJiti(import.meta.url).import<Record<string, unknown>>(path);
  }
}
