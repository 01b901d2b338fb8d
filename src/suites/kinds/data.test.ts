import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readJson, readJsonl, writeJson, writeJsonl } from "../../core/jsonl.ts";
import type { Task } from "../../data/task.ts";
import { loadTask } from "../../data/task-file.ts";
import type { ShownExample } from "../../data/types.ts";
import { readResult } from "../../eval/read-result.ts";
import type { Prediction } from "../../eval/types.ts";
import { openCanvas } from "../../report/plots/draw.ts";
import { writeMadeUpRun } from "../../report/testing/made-up-run.ts";
import { openEvaluation } from "../evaluation.ts";
import { suiteSchema } from "../schema.ts";
import type { Table } from "../shown.ts";
import { data } from "./data.ts";

function run(queries = 20): string {
  const dir = mkdtempSync(join(tmpdir(), "data-"));
  writeMadeUpRun(dir, queries, 3);
  return dir;
}

async function shown(dir: string) {
  const all = [openEvaluation(dir, { id: "run" })];
  const suite = suiteSchema.parse({ config: "x.yaml", show: ["data"] });
  const made = await data.show({ suite, methods: ["tagpr"], evaluations: () => all, canvas: await openCanvas() });
  return { ...made, table: (id: string): Table => made.tables.find((one) => one.id === id) as Table };
}

const cells = ({ rows }: Table, label: string): string[] =>
  rows.filter((row) => row.label === label).flatMap(({ entries }) => entries.map(({ text }) => text));

it("queries, users, histories and words are counted split by split", async () => {
  const dir = run();
  const [first] = readJsonl<ShownExample>(join(dir, "data", "test.jsonl"));
  const example = { ...first, input: "two words", gold: "one", shown: [], historyItems: 0 } as ShownExample;
  const sizes = [1, 2, 9];
  writeJsonl(
    join(dir, "data", "rl.jsonl"),
    sizes.map((historyItems) => ({ ...example, user: null, historyItems })),
  );
  const { table } = await shown(dir);
  expect(cells(table("data-splits"), "rl")).toEqual([
    ...["reinforcement learning", "3", "–"],
    ...["4.0", "2.0", "9", "0.0"],
    ...["2.0", "–", "1.0"],
  ]);
  expect(cells(table("data"), "synthetic_tag")).toEqual(["Categorical classification", "3", "20", "6", "10"]);
});

it("no filter leaves more than there was, and the parts of a task are what its files hold", async () => {
  const dir = run();
  const { table, pictures, says } = await shown(dir);
  const { rows } = table("data-funnel");
  const left = rows.filter(({ group }) => group === "Roll-outs").map(({ entries }) => entries[0]?.value ?? 0);
  expect(left).toEqual(left.toSorted((a, b) => b - a));
  const rollouts = readJsonl<{ accepted: boolean }>(join(dir, "chains", "rollouts.jsonl"));
  expect(cells(table("data-funnel"), "right answer")[0]).toBe(String(rollouts.filter((one) => one.accepted).length));
  expect(cells(table("data-funnel"), "right answer").slice(0, 2)).toEqual(
    cells(table("data-funnel"), "right answer").slice(2),
  );
  expect(pictures.map(({ name }) => name)).toEqual(["data-funnel-synthetic_tag", "data-tags"]);
  expect(says[0]).toMatch(/^Of 1,600 roll-outs 400 became tagged chains with 9 primary tags\.$/);
});

it("the verdicts of a person count where there are some", async () => {
  const dir = run();
  expect(cells((await shown(dir)).table("data-funnel"), "looked at")).toEqual([]);
  const verdict = { task: "synthetic_tag", query: "c0", ok: true };
  writeJsonl(join(dir, "chains", "checked.jsonl"), [
    { ...verdict, i: 0 },
    { ...verdict, i: 1, ok: false },
  ]);
  const { table } = await shown(dir);
  expect(cells(table("data-funnel"), "looked at")[0]).toBe("2");
  expect(cells(table("data-funnel"), "found right").slice(0, 2)).toEqual(["1", "50.0%"]);
});

it("each primary tag has a meaning, its share of the steps, and an example that --redact hides", async () => {
  const { rows } = (await shown(run())).table("data-tags");
  expect(rows.map(({ label }) => label)).toEqual(readJson<{ tags: string[] }>(join(run(), "chains", "tags.json")).tags);
  expect(rows[0]?.entries[0]?.text).toBe("says what the query is and what is asked for");
  expect(rows.reduce((sum, { entries }) => sum + (entries[2]?.value ?? 0), 0)).toBeCloseTo(1);
  expect(rows[0]?.entries[4]).toEqual({ text: "The user likes it dark.", personal: true });
});

it.each([
  [1410, ["5,073", "1,410"]],
  [1409, []],
] as const)("of LaMP_2 with %d test queries the paper's sizes are %j", async (n, paper) => {
  const dir = run();
  const task: Task = loadTask("LaMP_2");
  writeJson(join(dir, "data", "tasks.json"), [task]);
  const result = readResult(dir);
  writeJson(join(dir, "result.json"), {
    ...{ ...result, task: "LaMP_2", synthetic: false },
    rows: result?.rows.map((row) => ({ ...row, n })),
  });
  for (const file of ["data/test.jsonl", "eval/tagpr.jsonl"])
    writeJsonl(
      join(dir, file),
      readJsonl<Prediction>(join(dir, file)).map((one) => ({ ...one, task: "LaMP_2" })),
    );
  expect(cells((await shown(dir)).table("data"), "LaMP_2").slice(5)).toEqual(paper);
});
