import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { TagprError } from "../core/errors.ts";
import { packageRoot } from "../core/installation.ts";

/** What to do where the engine's Python or a package of it is missing; in a clone and in a project that installed TagPR. */
export const SETUP_HINT = "Run `npx tagpr setup`.";

/** Which of the packages are not installed, by name; argv: pyproject.toml or "", further packages. Imports none of them. */
const PROBE = `
import importlib.metadata, json, re, sys
names = sys.argv[2:]
if sys.argv[1]:
    import tomllib
    with open(sys.argv[1], "rb") as file:
        names = [re.match(r"[A-Za-z0-9._-]+", one)[0] for one in tomllib.load(file)["project"]["dependencies"]] + names
def there(name):
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False
print(json.dumps([name for name in names if not there(name)]))
`;

/**
 * Python packages that are wanted and not installed.
 * @param wanted `engine`: all that the embedded engine needs; `also`: packages by name
 * @throws TagprError where there is no such Python, or none new enough
 */
export function missingPackages(
  python: string,
  wanted: { engine: boolean; also: readonly string[] },
  env: NodeJS.ProcessEnv,
): string[] {
  const project = wanted.engine ? join(packageRoot(), "engine", "pyproject.toml") : "";
  const done = spawnSync(python, ["-c", PROBE, project, ...wanted.also], { encoding: "utf8", env });
  if (done.status === 0) return JSON.parse(done.stdout) as string[];
  const old = done.stderr?.includes("tomllib") === true;
  const why = done.error !== undefined ? "can't be run" : old ? "is older than 3.11" : "failed";
  throw new TagprError("environment", `the engine's Python (${python}) ${why}`, { hint: SETUP_HINT });
}
