// The Node side: version, npm packages, build.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupProblem } from "./problem.mjs";
import { run } from "./run.mjs";

const LEAST = [20, 19];

/** @param {string} version e.g. `v20.19.0` */
export function checkNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major > (LEAST[0] ?? 0) || (major === LEAST[0] && minor >= (LEAST[1] ?? 0))) return;
  throw new SetupProblem(
    `Node ${version} is too old: TagPR needs Node 20.19 or newer`,
    "Install a newer Node (https://nodejs.org), then run the same command again.",
  );
}

/**
 * True when what npm installed is what the lock file says. npm writes `node_modules/.package-lock.json` last, so a
 * half-finished install is seen; packages for other platforms are optional and may be absent.
 * @param {unknown} lock package-lock.json
 * @param {unknown} installed node_modules/.package-lock.json
 */
export function packagesFresh(lock, installed) {
  const wanted = packagesOf(lock);
  const have = packagesOf(installed);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const there = have[path];
    return there === undefined ? entry.optional === true || entry.peer === true : there.version === entry.version;
  });
}

/** @param {unknown} lock @returns {Record<string, {version?: string, optional?: boolean, peer?: boolean}>} */
function packagesOf(lock) {
  return typeof lock === "object" && lock !== null && "packages" in lock
    ? /** @type {Record<string, {version?: string}>} */ (lock.packages)
    : {};
}

/** @param {string} path @returns {unknown} */
function json(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/** @param {string} root @param {(line: string) => void} say */
export function installPackages(root, say) {
  const lock = json(join(root, "package-lock.json"));
  if (packagesFresh(lock, json(join(root, "node_modules", ".package-lock.json")))) return;
  say("npm packages");
  try {
    npm(root, ["ci"]);
  } catch (error) {
    // A lock file made where the registry lacked other platforms' packages: `npm ci` refuses it, `npm install` doesn't.
    if (!(error instanceof SetupProblem) || !/EUSAGE|lock file/.test(error.hint)) throw error;
    npm(root, ["install", "--no-save"]);
  }
}

/** @param {string} root @param {readonly string[]} words */
function npm(root, words) {
  const args = [...words, "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const own = process.env.npm_execpath;
  if (own !== undefined && /\.c?js$/.test(own)) run("npm packages", process.execPath, [own, ...args], root);
  else run("npm packages", "npm", args, root);
}

/** @param {string} root @param {(line: string) => void} say */
export function build(root, say) {
  const stamp = join(root, "dist", ".sources");
  const hash = sourcesHash(root);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  say("build");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  run("build", process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"], root);
  writeFileSync(stamp, hash);
}

/**
 * Whether a source has changed since the build. Looks at times alone, in milliseconds; only where they speak against the
 * build (a checkout touches files that stay as they were) at what set-up noted of the content.
 * @param {string} root
 */
export function buildIsOld(root) {
  const time = (/** @type {string} */ name) =>
    statSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
  const built = time(join("dist", "cli", "main.js"));
  if (!sourceNames(root).some((name) => time(name) > built)) return false;
  const stamp = join("dist", ".sources");
  return time(stamp) < built || readFileSync(join(root, stamp), "utf8") !== sourcesHash(root);
}

/** What is compiled, relative to the root. @param {string} root */
function sourceNames(root) {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort()
    .map((name) => join("src", name));
}

/** Hash of everything the build reads. @param {string} root */
export function sourcesHash(root) {
  const hash = createHash("sha256");
  for (const name of ["package-lock.json", "tsconfig.json", "tsconfig.build.json", ...sourceNames(root)])
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, name)))
      .update("\0");
  return hash.digest("hex");
}
