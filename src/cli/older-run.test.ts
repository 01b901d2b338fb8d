import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, it } from "vitest";
import { readJson, readJsonl, writeJson } from "../core/jsonl.ts";
import { filesBelow } from "../core/run-dir.ts";
import { writeReport } from "../report/write-report.ts";
import { STAGES } from "../run/stages/index.ts";
import { main } from "./cli.ts";
import { fixedMeasure } from "./testing/fixed-measure.ts";

const OLDER = fileURLToPath(new URL("./testing/older-run/run", import.meta.url));
const NANO = fileURLToPath(new URL("../../models/nano", import.meta.url));
const CACHES = ["cache/embeddings.jsonl", ...["teacher", "judge", "tagger"].map((role) => `cache/llm/${role}.jsonl`)];

let run: string;
beforeEach(() => {
  run = join(mkdtempSync(join(tmpdir(), "older-")), "run");
  cpSync(OLDER, run, { recursive: true });
  const record = readJson<{ config: object }>(join(run, "run.json"));
  writeJson(join(run, "run.json"), { ...record, config: { ...record.config, model: NANO } });
});

const textOf = (file: string): string => readFileSync(join(run, file), "utf8");

/** The command line with every real stage, and no engine nor endpoint: whatever asks for one fails. */
async function tagpr(...argv: string[]) {
  const said = { out: "", err: "" };
  const none = (): Promise<never> => Promise.reject(new Error("an engine was asked"));
  const io = {
    ...{ env: { TINKER_API_KEY: "x" }, cwd: run, argv, terminal: false, colour: false, onStop: () => () => {} },
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  const openEngines = () => ({ policy: none, reward: none, embeddings: none, close: () => Promise.resolve() });
  const app = { stages: STAGES, openEngines, measure: () => fixedMeasure("a machine of a test") };
  return { code: await main(argv, io, app), ...said };
}

it("stages of a run of format 1 that nothing changed are kept as they are", async () => {
  const before = new Map(filesBelow(run).map((file) => [file, textOf(file)]));
  const { code, out, err } = await tagpr("run", run, "--only", "data,chains,sft,eval");
  expect({ code, err }).toEqual({ code: 0, err: "data, chains, sft, eval: done before, nothing changed\n" });
  expect(out).toMatch(/RAG-R \(Base\) +0\.750/);
  before.delete("run.json"); // names the last command line
  for (const [file, text] of before) expect([file, textOf(file)]).toEqual([file, text]);
  expect(readJson(join(run, "run.json"))).toMatchObject({ format: 3 });
});

it("a record that names fewer settings than are known now has today's defaults for them", async () => {
  const { config, ...record } = readJson<{ config: Record<string, unknown> }>(join(run, "run.json"));
  const { engines: _, prmu: __, profile: ___, ...fewer } = config;
  writeJson(join(run, "run.json"), { ...record, config: fewer });
  const { code, err } = await tagpr("run", run, "--only", "data");
  expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^data: done before, nothing changed$/m) });
});

it("a stage whose settings mean something else since is done again, said, and only its own files go", async () => {
  writeFileSync(join(run, "prmu", "notes.txt"), "mine");
  const { err } = await tagpr("prmu", run);
  expect(err).toMatch(
    /^prmu: its config or inputs changed; done again\nprmu: notes\.txt in its folder is not TagPR's and stayed/,
  );
  expect(textOf("prmu/notes.txt")).toBe("mine");
  expect(filesBelow(join(run, "prmu"))).not.toContain("pairs.jsonl");
});

it("eval, data show, score and the report read it", async () => {
  expect(await tagpr("eval", run)).toMatchObject({ code: 0, out: expect.stringMatching(/TagPR +0\.750/) });
  expect(await tagpr("data", "show", run)).toMatchObject({ code: 0, out: expect.stringContaining("synthetic_tag") });
  await writeReport(run);
  expect(textOf("report/index.html")).toMatch(/^<!doctype html>/i);
  const files = { golds: join(run, "golds.json"), preds: join(run, "preds.json") };
  const rows = readJsonl<{ query: string }>(join(run, "eval", "rag-r.jsonl"));
  for (const file of Object.values(files))
    writeJson(file, { task: "LaMP_2", golds: rows.map(({ query }) => ({ id: query, output: "comedy" })) });
  expect(await tagpr("score", "--golds", files.golds, "--preds", files.preds)).toMatchObject({ code: 0 });
});

it("chains that are made again ask nobody: answers and vectors of its caches are used, and they stay as they were", async () => {
  const [chains, kept] = [textOf("chains/chains.jsonl"), CACHES.map(textOf)];
  const { code, err } = await tagpr("chains", run, "--fresh");
  expect({ code, err }).toMatchObject({ code: 0, err: expect.not.stringContaining("asked") });
  expect(textOf("chains/chains.jsonl")).toBe(chains);
  expect(CACHES.map(textOf)).toEqual(kept);
  expect(readJson(join(run, "chains", "begun.json"))).toMatchObject({ format: 3 });
});

it.each(["run.json", "data/begun.json", "sft/stage.json", "result.json"])(
  "%s of a later format is refused, and nothing is written",
  async (file) => {
    writeFileSync(join(run, file), JSON.stringify({ ...readJson<object>(join(run, file)), format: 99 }));
    const before = filesBelow(run).map((name) => [name, name === "run.json" ? "" : textOf(name)]);
    const { code, err } = await tagpr("run", run, "--only", "data,chains,sft,eval");
    expect({ code, err }).toMatchObject({
      code: 7,
      err: expect.stringMatching(/is of format 99, this TagPR reads 1 to 3/),
    });
    expect(filesBelow(run).map((name) => [name, name === "run.json" ? "" : textOf(name)])).toEqual(before);
  },
);

it.each(CACHES)("%s of a later format is refused, and stays", async (file) => {
  const later = `{"format":99}\n${textOf(file)}`;
  writeFileSync(join(run, file), later);
  const { code, err } = await tagpr("chains", run, "--fresh");
  expect({ code, err }).toMatchObject({ code: 7, err: expect.stringMatching(/is of format 99, this TagPR reads 1\b/) });
  expect(textOf(file)).toBe(later);
});
