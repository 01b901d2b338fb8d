#!/usr/bin/env node
// Called by `npm version`: the new number goes to the two other places that name it, and into the same commit.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../setup/run.mjs";
import { ROOT } from "../setup/setup.mjs";
import { withVersion } from "./with-version.mjs";

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const today = new Date().toISOString().slice(0, 10);
const files = [join("engine", "pyproject.toml"), "CITATION.cff"];
for (const file of files)
  writeFileSync(join(ROOT, file), withVersion(readFileSync(join(ROOT, file), "utf8"), version, today));
run("npm version", "git", ["add", ...files], ROOT);
