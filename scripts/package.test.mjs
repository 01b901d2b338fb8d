// What a stranger gets: the tarball, installed in an empty project. It is set up from what this machine's environment
// holds already: pip, told of no index, finds every requirement on PYTHONPATH, and could fetch none.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freeBytes, roomFor } from "../setup/packages.mjs";
import { venvPython } from "../setup/python.mjs";
import { pack } from "./pack.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const filled = process.env.TAGPR_PYTHON ?? venvPython(join(ROOT, ".venv"));

/** @type {string} */
let folder;
/** @type {string} */
let project;
/** @type {string} */
let home;
/** @type {NodeJS.ProcessEnv} */
let env;

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} [own] */
function run(command, args, own = env) {
  const done = spawnSync(command, args, { cwd: project, encoding: "utf8", env: own, maxBuffer: 1 << 26 });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

/** Set-up would refuse: it asks for the room of a whole download, not knowing yet that there is none to make. */
function lacksRoom() {
  try {
    roomFor(freeBytes(tmpdir()));
    return false;
  } catch {
    return true;
  }
}

// Never another `tagpr`, from the registry: --no.
const tagpr = (/** @type {string[]} */ ...words) => run("npx", ["--no", "--", "tagpr", ...words]);

/** The site-packages of the environment that the tests have. */
function sitePackages() {
  const done = spawnSync(filled, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], {
    encoding: "utf8",
  });
  return done.stdout.trim();
}

/** A folder whose `uv` is none: it would not look at PYTHONPATH. */
function withoutUv() {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "uv"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  return bin;
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tagpr-package-")));
  project = join(folder, "mein Prüfstand");
  mkdirSync(project);
  home = join(folder, "cache é", "tagpr");
  const { TAGPR_PYTHON: _, TAGPR_HOME: __, TAGPR_BASE_PYTHON: ___, ...rest } = process.env;
  env = {
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => !/^npm_/i.test(key))),
    TAGPR_HOME: home,
    PATH: `${withoutUv()}${delimiter}${process.env.PATH}`,
    PIP_NO_INDEX: "1",
  };
  pack(join(folder, "tagpr.tgz"));
  writeFileSync(join(project, "package.json"), '{ "name": "stand", "type": "module", "private": true }\n');
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  const installed = run("npm", ["install", ...flags, join(folder, "tagpr.tgz")]);
  expect(installed, installed.err).toMatchObject({ code: 0 });
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the tarball, in an empty project", () => {
  it("holds what it works with: no source, no test, no fixture", () => {
    const there = readdirSync(join(project, "node_modules", "tagpr"), { recursive: true, encoding: "utf8" });
    expect(there).toContain(join("dist", "cli", "main.js"));
    expect(there).toContain(join("presets", "quickstart.yaml"));
    expect(there).toContain(join("models", "nano", "config.json"));
    expect(there.filter((name) => /\.test\.|^src|^fixtures|^scripts|__pycache__|\.map$/.test(name))).toEqual([]);
  });

  it("is a library", () => {
    const lines = [
      'import { rouge } from "tagpr/metrics";',
      'import * as all from "tagpr";',
      "console.log(typeof rouge, Object.keys(all).length > 10);",
    ];
    writeFileSync(join(project, "use.js"), lines.join("\n"));
    expect(run(process.execPath, ["use.js"])).toMatchObject({ code: 0, out: "function true\n" });
    const inner = run(process.execPath, ["--input-type=module", "-e", 'import "tagpr/dist/cli/cli.js"']);
    expect(inner.err).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it("says before it is set up what to do, by a command that it has, and starts nothing", () => {
    // A Python that has none of the packages, whatever this machine's own one has.
    const bare = join(folder, "bare");
    expect(run(filled, ["-m", "venv", "--without-pip", bare])).toMatchObject({ code: 0 });
    const words = ["--no", "--", "tagpr", "run", "presets/quickstart.yaml", "--out", "r"];
    const done = run("npx", words, { ...env, TAGPR_PYTHON: venvPython(bare) });
    expect(done.code).toBe(6);
    expect(done.err).toMatch(/needs Python packages that are not installed: .* lacks .*torch/);
    expect(done.err).toContain("Run `npx tagpr setup`.");
    expect(existsSync(join(project, "r"))).toBe(false);
    expect(tagpr("quickstart", "--help").out).toContain("--fresh");
  });

  it.skipIf(lacksRoom())(
    "sets itself up in a folder that survives, which `doctor` names; a second time there is nothing to do",
    () => {
      env = { ...env, PYTHONPATH: sitePackages() };
      const first = tagpr("setup", "--python", filled);
      expect(first, first.err).toMatchObject({ code: 0 });
      expect(first.err).toMatch(/downloads 3\.1 GB|downloads torch/);
      expect(first.err).toMatch(/set-up: done\n$/);
      expect(JSON.parse(readFileSync(join(home, "venv", "tagpr.json"), "utf8"))).toMatchObject({ models: true });
      expect(tagpr("setup", "--python", filled).err).toBe("set-up: done\n");
      const doctor = tagpr("doctor");
      expect(`${doctor.out}${doctor.err}`).toContain(home);
      expect(readdirSync(project).sort()).toEqual(["node_modules", "package-lock.json", "package.json", "use.js"]);
    },
    600_000,
  );
});
