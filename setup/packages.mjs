// pip with an eye on the disk: torch's packages are large, and pip keeps every downloaded one until the last is unpacked.
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SetupProblem } from "./problem.mjs";
import { run } from "./run.mjs";

/** Bytes at the peak of one large package at a time (measured: 6.5 GB, which is what stays). */
const LEAST_BYTES = 6.8e9;
/** Bytes at the peak of an ordinary installation (measured: 9.1 GB). */
const EASY_BYTES = 9.5e9;
/** Those worth a step of their own. */
const LARGE = /^(torch|triton|nvidia-.*)$/;

/**
 * Whether there is room: for pip as usual, for one large package at a time, or not at all.
 * @param {number} free bytes
 * @param {NodeJS.Platform} platform
 * @returns {"easy" | "tight"}
 */
export function roomFor(free, platform = process.platform) {
  // Elsewhere torch comes without CUDA's libraries, a tenth of the size.
  if (platform !== "linux" || free >= EASY_BYTES) return "easy";
  if (free >= LEAST_BYTES) return "tight";
  throw new SetupProblem(
    `Python packages: only ${(free / 1e9).toFixed(1)} GB are free on the disk, about ${LEAST_BYTES / 1e9} GB are needed`,
    "Make room, then run the same command again.",
  );
}

/**
 * What is going to be downloaded, in words. Sizes were added up from pip's own output on Linux (x86-64, 2026-11-29).
 * @param {{models: boolean, dev: boolean, room: "easy" | "tight", platform?: NodeJS.Platform}} what
 */
export function downloads({ models, dev, room, platform = process.platform }) {
  const parts = [
    platform === "linux" ? "3.1 GB (most of it torch with its CUDA libraries)" : "torch and what it needs",
    ...(dev ? ["what the tests need"] : []),
    ...(models ? ["two small models (0.18 GB)"] : []),
  ];
  const tight = room === "tight" ? " The disk is nearly full, so it goes one large package at a time." : "";
  const last = parts.at(-1);
  const list = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last;
  return `downloads ${list}, less what its cache has. That takes some minutes.${tight}`;
}

/** Bytes that this user can still write where `path` lies. @param {string} path */
export function freeBytes(path) {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * The large packages of pip's installation report, as what `pip install` takes.
 * @param {{install: {download_info: {url: string}, metadata: {name: string}}[]}} report
 * @returns {string[]}
 */
export function largeOnes({ install }) {
  return install.filter(({ metadata }) => LARGE.test(metadata.name)).map(({ download_info }) => download_info.url);
}

const STEP = "Python packages";

/** Installs what `uv pip install` is told; uv puts each package in its place as it comes. @param {string} cwd @param {string} python */
export const uvInstall = (cwd, python) => (/** @type {string[]} */ what) =>
  void run(STEP, "uv", ["pip", "install", "--quiet", "--python", python, ...what], cwd);

/**
 * Installs what `pip install` is told.
 * @param {string} cwd
 * @param {string} python
 * @param {"easy" | "tight"} room
 */
export const pipInstall = (cwd, python, room) => (/** @type {string[]} */ what) => {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  if (room === "easy") return void run(STEP, python, [...pip, ...what], cwd);
  const folder = mkdtempSync(join(tmpdir(), "tagpr-pip-"));
  try {
    const path = join(folder, "report.json");
    run(STEP, python, [...pip, "--dry-run", "--report", path, ...what], cwd);
    const one = [...pip, "--no-cache-dir"];
    for (const url of largeOnes(JSON.parse(readFileSync(path, "utf8"))))
      run(STEP, python, [...one, "--no-deps", url], cwd);
    run(STEP, python, [...one, ...what], cwd);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
