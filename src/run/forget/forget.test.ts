import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { readJson, readJsonl } from "../../core/jsonl.ts";
import { filesBelow } from "../../core/run-dir.ts";
import { checkFolder } from "../folder.ts";
import { safetensors, smallRun } from "../testing/small-run.ts";
import { forget } from "./forget.ts";

const TASK = "synthetic_tag";
const CANARY = "zq canary 7";
const item = (id: string, description: string) => ({ id, fields: { description, tag: "comedy" } });
const example = (user: string, id: string, text: string, gold = "comedy") => ({
  ...{ task: TASK, id, user, input: `Which tag? description: ${text}`, gold, historyItems: 1 },
  shown: [item("1", `${text}, seen "at home"`), item("2", "a film that everybody saw")],
});
const line = (query: string, more: object) => ({ task: TASK, query, i: 0, ...more });

const FILES = {
  "data/chains.jsonl": [example("ann", "q1", `a film of ${CANARY}`), example("bob", "q2", "a film about the harbour")],
  "data/test.jsonl": [example("ann", "q3", `another ${CANARY}`), example("bob", "ann", "a film about mountains")],
  "chains/rollouts.jsonl": [
    line("q1", { text: `<think>${CANARY}` }),
    line("q2", { text: "a film that everybody saw" }),
  ],
  "sft/samples.jsonl": [{ step: 1, chains: [`${TASK}/q1/0`, `${TASK}/q2/0`, `${TASK}/q1/12`] }],
  "prmu/scorer.json": {
    path: "tinker://m1/sampler_weights/prmu-1",
    rows: { [`${TASK}/ann`]: 2, [`${TASK}/bob`]: 1 },
    crossed: {
      other: { path: "tinker://m2/x", rows: { [`${TASK}/bob`]: 1 } },
      halves: { [`${TASK}/q1`]: 0, [`${TASK}/q2`]: 1 },
    },
  },
  "prmu/pairs.jsonl": [
    { ...line("q1", {}), user: "ann" },
    { ...line("q2", {}), user: "bob" },
  ],
  "prmu/faults.jsonl": [line("q2", { rejected: "of another user's items" })],
  "eval/tagpr.jsonl": [
    { ...line("q3", {}), user: "ann" },
    { ...line("ann", {}), user: "bob", gold: "ann" },
  ],
  "eval/swapped/tagpr.jsonl": [line("ann", { response: CANARY })],
  "eval/rag.jsonl": [line("q2", { response: `he quotes "a film of ${CANARY}, seen "at home""` }), line("q2", {})],
  "report/index.html": `<p>${CANARY}</p>`,
  "cache/answers/base.jsonl": [{ key: "k", value: CANARY }],
  "result.json": { rows: [{ score: 1 }], details: [] },
  "engine.log": `served\nfault at "a film of ${CANARY}, seen \\"at home\\""\nstopping\n`,
};

const options = (stages: Parameters<typeof forget>[2]["stages"], write = true) => ({
  ...{ stages, write, now: () => new Date(0) },
});
const bytesOf = (run: string): Record<string, string> =>
  Object.fromEntries(filesBelow(run).map((file) => [file, readFileSync(join(run, file), "latin1")]));

it("no byte of the run holds them afterwards, and what is others' is there", async () => {
  const { run, stages } = smallRun(FILES);
  const { files, foreign } = await forget(run, "ann", options(stages));
  for (const [file, bytes] of Object.entries(bytesOf(run))) {
    expect([file, bytes.includes("canary")]).toEqual([file, false]);
    expect(bytes).not.toMatch(/"user": ?"ann"|\/ann": ?2/);
  }
  const lines = (file: string) => readJsonl<Record<string, unknown>>(join(run, file));
  expect(lines("data/chains.jsonl")).toEqual([FILES["data/chains.jsonl"][1]]);
  // A query may be called as a user is: it is another's, and so is its gold.
  expect(lines("data/test.jsonl")).toEqual([FILES["data/test.jsonl"][1]]);
  expect(lines("eval/tagpr.jsonl")).toEqual([FILES["eval/tagpr.jsonl"][1]]);
  expect(lines("eval/rag.jsonl")).toEqual([line("q2", {})]);
  expect(lines("chains/rollouts.jsonl")).toEqual([FILES["chains/rollouts.jsonl"][1]]);
  expect(lines("sft/samples.jsonl")).toEqual([{ step: 1, chains: [`${TASK}/q2/0`] }]);
  expect(readJson(join(run, "prmu/scorer.json"))).toMatchObject({
    ...{ rows: { [`${TASK}/bob`]: 1 }, crossed: { halves: { [`${TASK}/q2`]: 1 } } },
  });
  expect(readFileSync(join(run, "engine.log"), "utf8")).toBe("served\nstopping\n");
  for (const gone of ["report/index.html", "cache/answers/base.jsonl", "prmu/faults.jsonl", "eval/swapped/tagpr.jsonl"])
    expect(files).toContainEqual({ file: gone, removed: null });
  expect(files.slice(-2).map(({ file }) => file)).toEqual(["data/chains.jsonl", "data/test.jsonl"]);
  expect(foreign).toEqual([]);
});

it("a dry run says the same, and changes no byte", async () => {
  const { run, stages } = smallRun(FILES);
  const before = bytesOf(run);
  const said = await forget(run, "ann", options(stages, false));
  expect(bytesOf(run)).toEqual(before);
  expect(await forget(run, "ann", options(stages))).toEqual(said);
});

it("the run says afterwards that it is not reproducible, whom it forgot is nowhere, and seals of what changed are gone", async () => {
  const { run, stages } = smallRun(FILES);
  const check = () => checkFolder(run, configSchema.parse({}), stages);
  expect(check).not.toThrow();
  await forget(run, "ann", options(stages));
  expect(check).toThrow(/no longer reproducible: it forgot a user on 1970-01-01/);
  await forget(run, "bob", options(stages));
  expect(check).toThrow(/it forgot a user on 1970-01-01/);
  expect(filesBelow(run).filter((file) => file.endsWith("stage.json"))).toEqual([]);
  await expect(forget(run, "ann", options(stages))).rejects.toThrow(/has no user "ann"/);
});

it("their row of the reward model's table is zeros in every checkpoint; where nobody knows whose a row is, all are", async () => {
  const { run, stages, put } = smallRun(FILES);
  const rows = [
    [1, 2],
    [3, 4],
    [5, 6],
  ] as const;
  const table = () => safetensors({ user_embeddings: rows });
  put("weights/m1/weights/prmu-1/user_embeddings.safetensors", table());
  put(
    "weights/m1/weights/prmu-1/optimizer.safetensors",
    safetensors({ steps: [[9]], "rows/exp_avg": rows, "exp_avg/w": rows }),
  );
  put("weights/m2/weights/prmu-1/user_embeddings.safetensors", table());
  put("weights/m9/weights/prmu-1/user_embeddings.safetensors", table());
  const { tables } = await forget(run, "ann", options(stages));
  expect(tables).toEqual([
    { folder: join("weights", "m1", "weights", "prmu-1"), rows: [2] },
    { folder: join("weights", "m9", "weights", "prmu-1"), rows: null },
  ]);
  const read = (file: string) => readFileSync(join(run, "weights", file));
  const without = safetensors({ user_embeddings: [rows[0], rows[1], [0, 0]] });
  expect(read("m1/weights/prmu-1/user_embeddings.safetensors")).toEqual(without);
  expect(read("m1/weights/prmu-1/optimizer.safetensors")).toEqual(
    safetensors({ steps: [[9]], "rows/exp_avg": [rows[0], rows[1], [0, 0]], "exp_avg/w": rows }),
  );
  expect(read("m2/weights/prmu-1/user_embeddings.safetensors")).toEqual(table());
  expect(read("m9/weights/prmu-1/user_embeddings.safetensors")).toEqual(
    safetensors({ user_embeddings: [rows[0], [0, 0], [0, 0]] }),
  );
});

it("a person's own files and what links lead to stay, and are named", async () => {
  const { run, stages, put } = smallRun(FILES);
  const elsewhere = smallRun({});
  put("chains/my notes.txt", `I like ${CANARY}: "a film of ${CANARY}, seen \\"at home\\""`);
  symlinkSync(elsewhere.run, join(run, "weights"));
  const { foreign, links } = await forget(run, "ann", options(stages));
  expect([foreign, links]).toEqual([["chains/my notes.txt"], ["weights"]]);
  expect(readFileSync(join(run, "chains/my notes.txt"), "utf8")).toContain(CANARY);
});

it("pairs go whole where rejected responses are made of other users' items", async () => {
  const { run, stages, put } = smallRun(FILES);
  put("run.json", { format: 3, tagpr: "0.1.0", config: { prmu: { prp_against: "other_profile" } } });
  expect((await forget(run, "ann", options(stages))).files).toContainEqual({ file: "prmu/pairs.jsonl", removed: null });
});
