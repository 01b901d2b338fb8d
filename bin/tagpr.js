#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const built = new URL("../dist/cli/main.js", import.meta.url);
// Part of a checkout, not of the package.
const setup = new URL("../scripts/lib/node.mjs", import.meta.url);
if (existsSync(built)) {
  if (existsSync(setup) && (await import(setup.href)).buildIsOld(fileURLToPath(new URL("..", import.meta.url))))
    console.error("tagpr: the build is older than the sources; `npm run build` refreshes it");
  await import(built.href);
} else {
  console.error("tagpr: this checkout is not built yet\n  Run `npm run setup` first.");
  process.exitCode = 6;
}
