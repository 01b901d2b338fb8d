import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildIsOld, checkNode, packagesFresh, sourcesHash } from "./node.mjs";
import { largeOnes, roomFor } from "./packages.mjs";
import { diagnose } from "./problem.mjs";
import { findPython, venvFresh } from "./python.mjs";

describe("Node", () => {
  it("20.19 is the oldest that does", () => {
    expect(() => checkNode("v20.18.3")).toThrow(/Node v20\.18\.3 is too old/);
    for (const version of ["v20.19.0", "v22.0.0", "v24.1.0"]) expect(() => checkNode(version)).not.toThrow();
  });

  it("packages are fresh only when all that the lock file wants is there, in its version", () => {
    const lock = {
      packages: {
        "": {},
        "node_modules/a": { version: "1.0.0" },
        "node_modules/win": { version: "2.0.0", optional: true },
      },
    };
    expect(packagesFresh(lock, { packages: { "node_modules/a": { version: "1.0.0" } } })).toBe(true);
    expect(packagesFresh(lock, { packages: { "node_modules/a": { version: "1.0.1" } } })).toBe(false);
    expect(packagesFresh(lock, null)).toBe(false);
  });

  it("the build is old when a source has changed since, not when it was only touched or is a test", () => {
    const root = mkdtempSync(join(tmpdir(), "built-"));
    const put = (/** @type {string} */ name, /** @type {number} */ second, text = "") => {
      mkdirSync(join(root, name, ".."), { recursive: true });
      writeFileSync(join(root, name), text);
      utimesSync(join(root, name), second, second);
    };
    for (const name of ["package-lock.json", "tsconfig.json", "tsconfig.build.json", "src/cli/main.ts"]) put(name, 1);
    put("dist/cli/main.js", 2);
    put("src/cli/main.test.ts", 3);
    expect(buildIsOld(root)).toBe(false);
    put("src/cli/main.ts", 3);
    expect(buildIsOld(root)).toBe(true);
    put("dist/.sources", 2, sourcesHash(root));
    expect(buildIsOld(root)).toBe(false);
    put("src/cli/main.ts", 3, "changed");
    expect(buildIsOld(root)).toBe(true);
    // Built since by `npm run build`, which notes nothing.
    put("dist/cli/main.js", 4);
    expect(buildIsOld(root)).toBe(false);
    put("src/cli/main.ts", 5);
    expect(buildIsOld(root)).toBe(true);
    rmSync(root, { recursive: true });
  });
});

describe("room on the disk", () => {
  it("little of it makes pip go one large package at a time, less stops before anything is downloaded", () => {
    expect(roomFor(80e9, "linux")).toBe("easy");
    expect(roomFor(8e9, "linux")).toBe("tight");
    expect(roomFor(5.6e9, "darwin")).toBe("easy");
    expect(() => roomFor(5.6e9, "linux")).toThrow(/only 5\.6 GB are free on the disk, about 6\.8 GB are needed/);
  });

  it("torch and its libraries are the large ones, in the versions that pip has settled on", () => {
    const names = ["nvidia-cublas", "numpy", "torch", "torchmetrics", "triton"];
    const install = names.map((name) => ({ metadata: { name }, download_info: { url: `https://files/${name}.whl` } }));
    expect(largeOnes({ install })).toEqual(
      ["nvidia-cublas", "torch", "triton"].map((name) => `https://files/${name}.whl`),
    );
  });
});

describe("Python", () => {
  const machine = (/** @type {Record<string, string>} */ has) => (/** @type {string} */ command) =>
    has[command] ?? null;

  it("takes the first that is new enough", () => {
    expect(findPython(machine({ python3: "3.9.2", "python3.12": "3.12.1" }), undefined)).toMatchObject({
      command: "python3.12",
    });
    expect(findPython(machine({ py: "3.13.0" }), undefined)).toMatchObject({ command: "py", args: ["-3"] });
    expect(findPython(machine({ python3: "3.12.0", "/opt/py": "3.11.0" }), "/opt/py")).toMatchObject({
      version: "3.11.0",
    });
  });

  it("one that was named is taken, or refused; never another in its stead", () => {
    expect(() => findPython(machine({ python3: "3.12.0" }), "/opt/py")).toThrow("/opt/py is no Python that can be run");
    expect(() => findPython(machine({ python3: "3.12.0", "/opt/py": "3.9.1" }), "/opt/py")).toThrow(
      "Python 3.9.1 (/opt/py) is too old",
    );
  });

  it("says whether there is none or only an old one", () => {
    expect(() => findPython(machine({}), undefined)).toThrow("no Python found: TagPR needs Python 3.11 or newer");
    expect(() => findPython(machine({ python3: "3.10.4" }), undefined)).toThrow(/Python 3\.10\.4 is too old/);
  });

  it("an environment for tests and with models serves runs without, not the other way round", () => {
    const all = { requirements: "h", dev: true, models: true };
    const least = { requirements: "h", dev: false, models: false };
    expect(venvFresh(all, least)).toBe(true);
    expect(venvFresh(all, all)).toBe(true);
    expect(venvFresh(least, { ...least, dev: true })).toBe(false);
    expect(venvFresh(least, { ...least, models: true })).toBe(false);
    expect(venvFresh({ ...all, requirements: "old" }, least)).toBe(false);
    for (const none of [null, {}, "x"]) expect(venvFresh(none, least)).toBe(false);
  });
});

it("a failed command becomes one sentence with what to do", () => {
  expect(diagnose("npm packages", "npm error code ENOTFOUND").message).toBe(
    "npm packages: the package registry can't be reached",
  );
  expect(diagnose("Python packages", "OSError: [Errno 28] No space left on device").message).toMatch(
    /the disk is full/,
  );
  expect(diagnose("build", "src/x.ts(1,1): error TS1005").hint).toMatch(/TS1005/);
});
