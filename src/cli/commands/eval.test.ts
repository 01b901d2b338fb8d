import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, it } from "vitest";
import type { Config } from "../../core/config/schema.ts";
import { readJson, writeAtomic, writeJson } from "../../core/jsonl.ts";
import { loadTask } from "../../data/task-file.ts";
import { STAGES } from "../../run/stages/index.ts";
import { main } from "../cli.ts";
import type { Io } from "../io.ts";
import { fixedMeasure } from "../testing/fixed-measure.ts";

const NANO = fileURLToPath(new URL("../../../models/nano", import.meta.url));
const none = (): Promise<never> => Promise.reject(new Error("no engine here"));

let cwd: string;
let ran: string[];
let config: Config | undefined;
/** A Python that lacks nothing. */
let python: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "eval-"));
  ran = [];
  python = join(cwd, "python");
  writeFileSync(python, "#!/bin/sh\necho '[]'\n", { mode: 0o755 });
  writeFileSync(
    join(cwd, "my.yaml"),
    `name: mine\nmodel: ${NANO}\nprompt: { max_tokens: 640 }\neval: { max_tokens: 256 }\n`,
  );
});

/** The real stages' names and inputs, and none of their work: each leaves the files that others read. */
const stages = STAGES.map((stage) => ({
  ...stage,
  outside: async () => null,
  run: async ({ run, config: own }: { readonly run: string; readonly config: Config }) => {
    ran.push(stage.name);
    config = own;
    for (const file of stage.writes.filter((name) => /^[\w/]+\.jsonl?$/.test(name) && !name.startsWith("swapped")))
      writeAtomic(join(run, stage.name, file), "[]\n");
    for (const file of stage.alsoWrites ?? [])
      writeJson(join(run, stage.name, file), { rows: [], paired: [], details: {} });
  },
}));

async function tagpr(...argv: string[]): Promise<{ code: number; err: string }> {
  let err = "";
  const io: Io = {
    ...{ env: { TAGPR_PYTHON: python }, cwd, argv, terminal: false, colour: false, onStop: () => () => {} },
    out: () => {},
    err: (text) => {
      err += text;
    },
  };
  const engines = { policy: none, reward: none, embeddings: none, close: async () => {} };
  const code = await main(argv, io, {
    stages,
    openEngines: () => engines,
    measure: () => fixedMeasure("a machine of a test"),
  });
  return { code, err };
}

it("of a YAML file it does what the methods train and hang on, and nothing else", async () => {
  expect(await tagpr("eval", "my.yaml", "--methods", "rag-r,sft-ind-r", "--out", "out")).toMatchObject({ code: 0 });
  expect(ran).toEqual(["data", "chains", "sft-ind", "eval", "report"]);
  expect(config?.eval.methods).toEqual(["rag-r", "sft-ind-r"]);
});

it("for methods that learn from no chains it builds none, and says so", async () => {
  const { code, err } = await tagpr("eval", "my.yaml", "--methods", "zero-shot-r,rag-r,sft", "--out", "out");
  expect({ code, ran }).toEqual({ code: 0, ran: ["data", "gold", "eval", "report"] });
  expect(err).toMatch(/^No method here learns from chains/);
  expect(config?.eval.base).toBe("unnamed");
});

it("all: every row that a config can have", async () => {
  expect(await tagpr("eval", "my.yaml", "--methods", "all", "--out", "out")).toMatchObject({ code: 0 });
  expect(ran).toEqual(STAGES.map(({ name }) => name));
  for (const name of ["pag", "pag-r", "r2p", "sft-full", "sft-ind", "tagpr", "rag-r/majority@8"])
    expect(config?.eval.methods).toContain(name);
  expect(config?.eval.methods).not.toContain("model");
});

it("of a run it evaluates what was trained; methods that are named have what they lack trained", async () => {
  await tagpr("eval", "my.yaml", "--methods", "rag-r,sft-r", "--out", "out");
  ran = [];
  expect(await tagpr("eval", "out", "--set", "eval.bootstrap=100")).toMatchObject({ code: 0 });
  expect(ran).toEqual(["eval"]);
  ran = [];
  expect(await tagpr("eval", "out", "--methods", "rag-r,sft-r,sft-ind")).toMatchObject({ code: 0 });
  expect(ran).toEqual(["gold-ind", "eval"]);
  expect(await tagpr("eval", "out", "--out", "elsewhere")).toMatchObject({ code: 2 });
});

it("a base model is asked without training, on the world or on folders; an exported one as it was taught", async () => {
  expect(
    await tagpr("eval", NANO, "--task", "synthetic_tag", "--set", "prompt.max_tokens=640", "--out", "base"),
  ).toMatchObject({ code: 0 });
  expect(ran).toEqual(["data", "eval", "report"]);
  expect(config).toMatchObject({ model: NANO, eval: { methods: ["zero-shot", "zero-shot-r", "rag", "rag-r"] } });
  ran = [];
  mkdirSync(join(cwd, "mine"));
  writeFileSync(join(cwd, "mine", "dev_questions.json"), "[]");
  expect(await tagpr("eval", NANO, "--task", "LaMP_2", "--data", "mine", "--out", "files")).toMatchObject({
    ...{ code: 3, err: expect.stringMatching(/dev_outputs\.json is missing/) },
  });
  expect(existsSync(join(cwd, "files"))).toBe(false);
  writeJson(join(cwd, "mine", "dev_outputs.json"), { task: "LaMP_2", golds: [] });
  expect(await tagpr("eval", NANO, "--task", "LaMP_2", "--data", "mine", "--out", "files")).toMatchObject({ code: 0 });
  expect(ran).toEqual(["eval", "report"]);
  expect(config?.eval.paths).toEqual([join(cwd, "mine")]);
  const { tasks, tags } = { tasks: [loadTask("synthetic_tag")], tags: ["analyze_input"] };
  cpSync(NANO, join(cwd, "exported"), { recursive: true });
  const about = readJson<{ config: Config }>(join(cwd, "base", "run.json"));
  about.config.prompt.tags = [];
  writeJson(join(cwd, "exported", "tagpr.json"), { ...about, model: "tagpr", base: "Qwen/Qwen3-0.6B", tags, tasks });
  expect(await tagpr("eval", "exported", "--out", "taught")).toMatchObject({ code: 0 });
  expect(config).toMatchObject({ eval: { methods: ["model-r"] }, prompt: { tags }, data: { task: "synthetic_tag" } });
});

it("names a file that isn't there, a method that isn't one, and a task where it has no place", async () => {
  expect(await tagpr("eval", "nope.yaml")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no file .*nope\.yaml/),
  });
  expect(await tagpr("eval", "my.yaml", "--methods", "rag-rr")).toMatchObject({
    ...{ code: 2, err: expect.stringMatching(/no method rag-rr \(did you mean rag-r\?\)/) },
  });
  expect(await tagpr("eval", "my.yaml", "--task", "LaMP_2")).toMatchObject({ code: 2 });
});
