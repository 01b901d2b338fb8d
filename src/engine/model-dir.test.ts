import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findModel, resolveModelDir } from "./model-dir.ts";

const dir = mkdtempSync(join(tmpdir(), "tagpr-models-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const folder = (...parts: string[]): string => {
  const path = join(dir, ...parts);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "config.json"), "{}");
  return path;
};
const options = { modelsDir: join(dir, "models"), env: { HF_HOME: join(dir, "hf") } };

describe("resolveModelDir", () => {
  it("takes a folder, a prepared model by name or alias, a hub name from the local cache at its main revision", async () => {
    const own = folder("mine");
    const prepared = folder("models", "smollm2-135m-instruct");
    folder("hf", "hub", "models--Qwen--Qwen3-8B", "snapshots", "old");
    const snapshot = folder("hf", "hub", "models--Qwen--Qwen3-8B", "snapshots", "new");
    mkdirSync(join(dir, "hf", "hub", "models--Qwen--Qwen3-8B", "refs"));
    writeFileSync(join(dir, "hf", "hub", "models--Qwen--Qwen3-8B", "refs", "main"), "new");
    expect(await resolveModelDir(own, options)).toBe(own);
    expect(await resolveModelDir("SmolLM2-135M", options)).toBe(prepared);
    expect(await resolveModelDir("HuggingFaceTB/SmolLM2-135M-Instruct", options)).toBe(prepared);
    expect(await resolveModelDir("Qwen/Qwen3-8B", options)).toBe(snapshot);
  });

  it("says what is wrong with anything else", async () => {
    mkdirSync(join(dir, "empty"));
    await expect(resolveModelDir(join(dir, "empty"), options)).rejects.toThrow("has no config.json");
    await expect(resolveModelDir("qwen", options)).rejects.toThrow('there is no model "qwen"');
    await expect(resolveModelDir("Qwen/Qwen3-9B", options)).rejects.toThrow("Qwen/Qwen3-9B is not on this machine");
  });

  it("a mistyped folder is no name of the hub's: models/nanoo", () => {
    expect(() => findModel("models/nanoo", options)).toThrow(
      "there is no folder models/nanoo (did you mean models/nano?)",
    );
    for (const name of ["../org/tiny", "./tiny", "org/tiny/more", "/org/tiny", "org/..", "-x/tiny"])
      expect(() => findModel(name, options), name).toThrow(/there is no (model|folder)/);
    expect(findModel("Qwen/Qwen3-9B", options)).toEqual({ at: "hub" });
  });

  it("runs/…, models/… and data/… are paths, also where there is no such folder yet", () => {
    const here = process.cwd();
    process.chdir(mkdtempSync(join(tmpdir(), "bare-")));
    try {
      for (const name of ["runs/quickstart", "data/mine"])
        expect(() => findModel(name, options)).toThrow(`there is no folder ${name}`);
    } finally {
      process.chdir(here);
    }
  });

  it("a snapshot that a download left without some of its weights is not taken for the model", () => {
    const snapshot = folder("hf", "hub", "models--org--cut", "snapshots", "new");
    expect(findModel("org/cut", options)).toEqual({ at: "hub" });
    expect(findModel("org/cut", options, false)).toEqual({ at: "folder", dir: snapshot });
    const parts = { weight_map: { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" } };
    writeFileSync(join(snapshot, "model.safetensors.index.json"), JSON.stringify(parts));
    writeFileSync(join(snapshot, "model-00001-of-00002.safetensors"), "");
    expect(findModel("org/cut", options)).toEqual({ at: "hub" });
    writeFileSync(join(snapshot, "model-00002-of-00002.safetensors"), "");
    expect(findModel("org/cut", options)).toEqual({ at: "folder", dir: snapshot });
  });

  it("a packaged model that can't be unpacked says why", async () => {
    const broken = { ...options, python: process.execPath };
    await expect(resolveModelDir("all-minilm-l6-v2", broken)).rejects.toThrow('"all-minilm-l6-v2" can\'t be prepared');
  });
});
