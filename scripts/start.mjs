#!/usr/bin/env node
// `npm start`: set-up, then the quickstart; a finished run shows its result at once.
//   npm start -- --seed 7     another world, other users, another initialisation, in runs/quickstart-seed-7
//   npm start -- --fresh      the run again from nothing
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runFolder } from "./lib/start.mjs";
import { orExplain, ROOT, setup } from "./setup.mjs";

await orExplain(async () => {
  setup();
  const args = process.argv.slice(2);
  const { main } = await import(pathToFileURL(join(ROOT, "dist", "cli", "cli.js")).href);
  const preset = join(ROOT, "presets", "quickstart.yaml");
  // As the command line does: what an interrupt left behind must not go on.
  const code = await main(["run", preset, "--out", join(ROOT, runFolder(args)), ...args]);
  process.exit(code);
});
