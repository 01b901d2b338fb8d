#!/usr/bin/env node
import { existsSync } from "node:fs";

const built = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  console.error("tagpr: this checkout is not built yet\n  Run `npm run setup` first.");
  process.exitCode = 6;
}
