import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Engines } from "../../../engine/engines.ts";
import { main } from "../../cli.ts";

const profile = ["apple", "pear", "apple pie", "plum"].map((text, i) => ({
  id: i,
  text,
  title: "t",
  date: `${2010 + i}`,
}));
const letters = (text: string) =>
  Array.from({ length: 26 }, (_, c) => text.split(String.fromCharCode(97 + c)).length - 1);

function project() {
  const cwd = mkdtempSync(join(tmpdir(), "rank-"));
  const put = (questions: unknown) => writeFileSync(join(cwd, "q.json"), JSON.stringify(questions));
  put([{ id: "a", input: "the article: plum", profile }]);
  const asked: string[] = [];
  const offline = (): Promise<never> => Promise.reject(new Error("no engine here"));
  const engines = { policy: offline, reward: offline, close: async () => {} };
  const embed = async (_: string, texts: readonly string[]) => {
    asked.push(...texts);
    return texts.map(letters);
  };
  const openEngines = () => ({ ...engines, embeddings: async () => ({ embed }) }) as unknown as Engines;
  const rank = async (...flags: string[]) => {
    const argv = ["data", "rank", "--task", "LaMP_4", "--questions", "q.json", "--out", "r.json", "--force", ...flags];
    let err = "";
    const say = (text: string): void => {
      err += text;
    };
    const io = { env: {}, cwd, argv, out: () => {}, err: say, terminal: false, colour: false, onStop: () => () => {} };
    return { code: await main(argv, io, { stages: [], openEngines }), err };
  };
  const model = join(cwd, "embedder");
  const putModel = (weights: string) => {
    mkdirSync(model, { recursive: true });
    writeFileSync(join(model, "config.json"), "{}");
    writeFileSync(join(model, "weights"), weights);
  };
  putModel("first");
  return {
    dense: ["--retriever", "dense", "--model", model, "--cache", "kept/vectors.jsonl"],
    putModel,
    rank,
    put,
    asked,
    made: existsSync.bind(null, join(cwd, "r.json")),
    read: () => JSON.parse(readFileSync(join(cwd, "r.json"), "utf8")),
  };
}

it("writes LaMP's ranking file, k ids a query, best first", async () => {
  const { rank, read } = project();
  expect(await rank("--retriever", "bm25", "--k", "2")).toMatchObject({ code: 0 });
  expect(read()).toEqual({ a: ["3", "2"] });
});

it("dense: a text is embedded once, also over several commands", async () => {
  const { rank, asked, read, dense } = project();
  expect((await rank(...dense, "--k", "1")).err).toMatch(/5 texts embedded anew/);
  expect(read()).toEqual({ a: ["3"] });
  expect((await rank(...dense, "--k", "3")).err).toMatch(/0 texts embedded anew/);
  expect(read().a).toHaveLength(3);
  expect(asked).toHaveLength(5);
});

it("dense: another model in the same folder embeds anew; the first one's vectors are still its own", async () => {
  const { rank, dense, putModel } = project();
  await rank(...dense);
  putModel("second");
  expect((await rank(...dense)).err).toMatch(/5 texts embedded anew/);
  putModel("first");
  expect((await rank(...dense)).err).toMatch(/0 texts embedded anew/);
});

it("a flag after the command's name is the command's, though the stage has one of the same name", async () => {
  const { rank, read } = project();
  const drawn = new Set<string>();
  for (const seed of ["1", "2", "3", "4", "5", "6"]) {
    await rank("--retriever", "random", "--seed", seed);
    drawn.add(read().a.join());
  }
  expect(drawn.size).toBeGreaterThan(1);
});

it("a bad record ends it with its place and no file, or is told and left out", async () => {
  const { rank, made, read, put } = project();
  put([{ id: "a", input: "the article: plum", profile }, { id: "b" }]);
  const place = /record 2 \(id b\).*no input/;
  expect(await rank()).toMatchObject({ code: 3, err: expect.stringMatching(place) });
  expect(made()).toBe(false);
  expect(await rank("--skip-bad")).toMatchObject({ code: 0, err: expect.stringMatching(place) });
  expect(Object.keys(read())).toEqual(["a"]);
});

it("an unknown retriever, a k of 0 and a missing file are refused, and nothing is written", async () => {
  const { rank, made } = project();
  expect(await rank("--retriever", "bm26")).toMatchObject({ code: 2, err: expect.stringMatching(/Allowed choices/) });
  expect(await rank("--k", "0")).toMatchObject({ code: 2, err: expect.stringMatching(/k is 1 or more/) });
  expect(await rank("--questions", "none.json")).toMatchObject({ code: 3, err: expect.stringMatching(/none\.json/) });
  expect(made()).toBe(false);
});
