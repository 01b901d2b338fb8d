import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { absolutePaths, loadConfig, parseOverride, reloadConfig } from "./load.ts";

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "config-")), "my.yaml");
  writeFileSync(path, text);
  return path;
}

describe("loadConfig", () => {
  it("fills every default of an empty file", () => {
    const config = loadConfig(file(""));
    expect(config.chains.rollouts).toBe(16);
    expect(config.guided).toMatchObject({ epochs: 13, rollouts: 5, clip_low: 3e-4, clip_high: 4e-4 });
  });

  it("names file, line, column and the nearest key of an unknown key", () => {
    expect(() => loadConfig(file("seed: 1\nguided:\n  epocs: 3\n"))).toThrow(
      /my\.yaml:3:3: unknown key guided\.epocs \(did you mean epochs\?\)/,
    );
    expect(() => loadConfig(file("tecaher: {kind: self}"))).toThrow(/my\.yaml:1:1: .*did you mean teacher\?/);
  });

  it.each(["../../x", "a/b", "a\\\\b", "..", ".hidden", "x\\0", "\\e[31mred", "", "n".repeat(300)])(
    "a name that is no name of a folder is refused: %j",
    (name) => {
      expect(() => loadConfig(file(`name: "${name}"`))).toThrow(/my\.yaml:1:1: name: a run's folder is called so/);
      expect(() => loadConfig(file(""), [parseOverride(`name="${name}"`)])).toThrow(/name: a run's folder/);
    },
  );

  it("a name may be of any script, with spaces and dots", () => {
    for (const name of ["run 2.1 (b)", "点评", "smollm2"]) expect(loadConfig(file(`name: ${name}`)).name).toBe(name);
  });

  it("a key that is a map is an unknown key, and Node prints nothing of its own", () => {
    const warned = vi.spyOn(process, "emitWarning");
    expect(() => loadConfig(file("? {a: 1}\n: 2"))).toThrow(/my\.yaml:1:\d+: unknown key \{ a: 1 \}/);
    expect(() => loadConfig(file(""), [parseOverride("name={? {a: 1} : 2}")])).toThrow(/--set name=.*name/);
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it("names the place of a wrong value, and all wrong places at once", () => {
    const path = file("seed: -1\nprofile:\n  retriever: newest\n");
    expect(() => loadConfig(path)).toThrow(/my\.yaml:1:1: seed: .*\n.*my\.yaml:3:3: profile\.retriever: /);
  });

  it("says broken YAML and a missing file in one sentence", () => {
    expect(() => loadConfig(file("seed: [1"))).toThrow(/my\.yaml:1:\d+: not YAML/);
    expect(() => loadConfig("nowhere/x.yaml")).toThrow("no file nowhere/x.yaml");
    expect(() => loadConfig(file("- a\n- b\n"))).toThrow(/my\.yaml:1:1: /);
  });
});

describe("overrides", () => {
  it("are put over the file and read as YAML", () => {
    const config = loadConfig(file("guided: {epochs: 3, batch: 8}"), [
      parseOverride("guided.epochs=0.5"),
      parseOverride("eval.methods=[rag-r]"),
      parseOverride("prompt.names_tags=false"),
    ]);
    expect(config.guided).toMatchObject({ epochs: 0.5, batch: 8 });
    expect(config.eval.methods).toEqual(["rag-r"]);
    expect(config.prompt.names_tags).toBe(false);
  });

  it("are named in errors", () => {
    expect(() => parseOverride("name=[x")).toThrow(/^--set name=\[x: the value is no YAML \(/);
    expect(() => loadConfig(file("seed: 1"), [parseOverride("guided.epoch=1")])).toThrow(
      "--set guided.epoch=1: unknown key guided.epoch (did you mean epochs?)",
    );
    expect(() => loadConfig(file("seed: 1"), [parseOverride("seed=x")])).toThrow(/^--set seed=x: seed: /);
    for (const secret of [
      "teacher.key_env=sk-abc123def456ghi789",
      "teacher.url=http://u:sk-abc123def456ghi789@h",
      "teacher.key=sk-abc123def456ghi789",
    ]) {
      const error = (() => {
        try {
          return loadConfig(file("seed: 1"), [parseOverride(secret)]);
        } catch (thrown) {
          return String(thrown);
        }
      })();
      expect(error).toMatch(/--set teacher\.\w+=…: /);
      expect(error).not.toContain("sk-abc");
    }
    expect(() => parseOverride("seed")).toThrow(/--set seed: not of the form key=value/);
    const assume = { flag: "--assume", hint: "For example --assume accepted=1." };
    expect(() => parseOverride("seed", assume)).toThrow(
      expect.objectContaining({ message: "--assume seed: not of the form key=value", hint: assume.hint }),
    );
  });
});

it("a resolved config reloads as itself", () => {
  const config = loadConfig(file("seed: 3"));
  expect(reloadConfig(JSON.parse(JSON.stringify(config)), "run.json")).toEqual(config);
});

it("paths become absolute, names stay names", () => {
  const config = loadConfig(file("data: {paths: [movies]}\nmodel: Qwen/Qwen3-8B"));
  const done = absolutePaths(config, "/work", () => false);
  expect(done.data.paths).toEqual(["/work/movies"]);
  expect(done.model).toBe("Qwen/Qwen3-8B");
  const there = absolutePaths(config, "/work", () => true);
  expect(there.model).toBe("/work/Qwen/Qwen3-8B");
  expect(there.engines.embeddings_model).toBe(`/work/${config.engines.embeddings_model}`);
});
