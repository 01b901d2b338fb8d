#!/usr/bin/env node
// `npm start`: set-up, then `tagpr quickstart`; a finished run shows its result at once.
//   npm start -- --seed 7     another world, other users, another initialisation, in runs/quickstart-seed-7
//   npm start -- --fresh      the run again from nothing
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { orExplain, ROOT, setup } from "../setup/setup.mjs";

await orExplain(async () => {
  setup();
  const { main } = await import(pathToFileURL(join(ROOT, "dist", "cli", "cli.js")).href);
  // As the command line does: what an interrupt left behind must not go on.
  process.exit(await main(["quickstart", ...process.argv.slice(2)]));
});
