#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildIsOld } from "../setup/node.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = new URL("../dist/cli/main.js", import.meta.url);
const [command, ...rest] = process.argv.slice(2);
if (existsSync(built)) {
  // The package comes without sources.
  const checkout = existsSync(new URL("../src", import.meta.url));
  if (checkout && command !== "setup" && buildIsOld(root))
    console.error("tagpr: the build is older than the sources; `npm run build` refreshes it");
  await import(built.href);
} else if (command === "setup") {
  await (await import("../setup/setup.mjs")).main(rest);
} else {
  console.error("tagpr: this checkout is not built yet\n  Run `npx tagpr setup` first.");
  process.exitCode = 6;
}
