import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { TagprError } from "../core/errors.ts";
import { writeJson } from "../core/jsonl.ts";

/** What `data build`, `data dianping` and `data world` write about a folder of their own, so that they know its files again. */
const SEAL = "built.json";

interface Seal {
  readonly version: 1;
  /** SHA-256 by name of each file. */
  readonly files: Readonly<Record<string, string>>;
}

/** Refuses to write over files that were not built here, or were changed since. `force`: they go. */
export async function refuseForeign(dir: string, names: readonly string[], force: boolean): Promise<void> {
  if (force) return;
  const known = sealOf(dir);
  for (const name of names) {
    const path = join(dir, name);
    if (!existsSync(path)) continue;
    const sum = Object.hasOwn(known, name) ? known[name] : undefined;
    if (sum !== undefined && sum === (await sha256(path))) continue;
    throw new TagprError(
      "usage",
      `${path} is there already, and ${sum === undefined ? "was not built here" : "was changed since it was built"}`,
      {
        hint: "Give another --out, or --force to write over it.",
      },
    );
  }
}

/** Writes down which files of a folder were built, beside those of calls before, with what else is to be known of them. */
export async function sealFolder(
  dir: string,
  names: readonly string[],
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const files: [string, string][] = [];
  for (const name of names) if (existsSync(join(dir, name))) files.push([name, await sha256(join(dir, name))]);
  writeJson(join(dir, SEAL), { version: 1, ...facts, files: { ...sealOf(dir), ...Object.fromEntries(files) } });
}

function sealOf(dir: string): Seal["files"] {
  try {
    const seal = JSON.parse(readFileSync(join(dir, SEAL), "utf8")) as Partial<Seal> | null;
    return typeof seal?.files === "object" ? seal.files : {};
  } catch {
    // No seal, or not ours: then no file is known to be.
    return {};
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path);
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
