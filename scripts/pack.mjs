#!/usr/bin/env node
// What `npm publish` would send, as one file:
//   node scripts/pack.mjs .cache/tagpr.tgz
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIsOld } from "../setup/node.mjs";
import { run } from "../setup/run.mjs";
import { orExplain, ROOT } from "../setup/setup.mjs";

/** @param {string} path of the tarball */
export function pack(path) {
  mkdirSync(dirname(path), { recursive: true });
  const folder = mkdtempSync(join(dirname(path), "pack-"));
  try {
    // Without `prepack` where the build is new: it would build a second time.
    const scripts = buildIsOld(ROOT) ? [] : ["--ignore-scripts"];
    run("npm pack", "npm", ["pack", "--loglevel=error", ...scripts, "--pack-destination", folder], ROOT);
    const [tarball = ""] = readdirSync(folder);
    renameSync(join(folder, tarball), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [, script, path] = process.argv;
if (script !== undefined && path !== undefined && resolve(script) === fileURLToPath(import.meta.url))
  await orExplain(() => pack(resolve(path)));
