import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readJson, readJsonl, writeJson, writeJsonl } from "../../core/jsonl.ts";
import type { QueryId, ShownExample } from "../../data/types.ts";
import type { Prediction } from "../../eval/types.ts";
import { openCanvas } from "../../report/plots/draw.ts";
import { writeMadeUpRun } from "../../report/testing/made-up-run.ts";
import { openEvaluation } from "../evaluation.ts";
import type { Given } from "../kind.ts";
import { suiteSchema } from "../schema.ts";
import { cases } from "./cases.ts";

/** A run where TagPR gains on the base in one query alone, whose chain says something false of its second item. */
function run(): string {
  const dir = mkdtempSync(join(tmpdir(), "cases-"));
  writeMadeUpRun(dir, 12, 3);
  const change = (method: string, of: (one: Prediction) => Partial<Prediction>): void => {
    const path = join(dir, "eval", `${method}.jsonl`);
    const rows = readJsonl<Prediction>(path);
    writeJsonl(
      path,
      rows.map((one) => ({ ...one, lenientScore: 0, ...of(one) })),
    );
  };
  change("rag-r", () => ({
    response: "<think>\nHm.\n</think>\ncomedy",
    truth: { stated: 0, wrong: 0, deciding: null },
  }));
  const said = "<think>\n<examine_examples>[2] is a western.\nItem 99 is action.</examine_examples>\n</think>\naction";
  change("tagpr", ({ query }) =>
    query === "test-4"
      ? {
          lenientScore: 1,
          response: said,
          cut: [{ item: "4-x", field: null, from: 9, to: 0 }],
          truth: { stated: 2, wrong: 1, deciding: true },
        }
      : {},
  );
  const test = join(dir, "data", "test.jsonl");
  const examples = readJsonl<ShownExample>(test);
  writeJsonl(
    test,
    examples.map((one) =>
      one.id === "test-4"
        ? { ...one, shown: [{ id: "4-x", fields: { description: "long", tag: "action" } }, ...one.shown] }
        : one,
    ),
  );
  return dir;
}

async function shown(dir: string, more: Partial<Given> = {}) {
  const all = [openEvaluation(dir, { id: "run" })];
  const suite = suiteSchema.parse({ config: "x.yaml", show: ["cases"] });
  const given = { suite, methods: ["rag-r", "sft-r", "tagpr"], evaluations: () => all, canvas: await openCanvas() };
  return cases.show({ ...given, ...more });
}

it("one query a task stands with both answers, its items, and what is false", async () => {
  const { cases: [one] = [], says } = await shown(run());
  expect(says).toEqual([
    "synthetic_tag: TagPR scores better than RAG-R (Base) in 1 of 12 queries, the same in 11, worse in 0.",
  ]);
  expect(one).toMatchObject({ id: "case-synthetic_tag", query: "test-4", task: "synthetic_tag" });
  expect(one?.why).toBe(
    "The query where TagPR gains most on RAG-R (Base) by ACC (1.000), the only one that gains so much.",
  );
  expect(one?.sides.map(({ label, verdict, rests }) => [label, verdict.split(",")[0], rests])).toEqual([
    ["RAG-R (Base)", "✗ wrong", "The answer rests on no statement about the items."],
    ["TagPR", "✓ right", "The statement that the answer rests on is true; 1 of 2 are false."],
  ]);
  expect(one?.sides[1]?.falsehoods.map(({ fault }) => fault)).toEqual(["there is no item 99"]);
  expect(one?.sides[1]?.lead).toEqual({ cell: "run", method: "tagpr", task: "synthetic_tag", query: "test-4" });
  // An item that did not fit into TagPR's prompt is not one that it was shown.
  expect(one?.items.map(({ cutFrom }) => cutFrom)).toEqual([["TagPR"], ...Array.from({ length: 7 }, () => [])]);
});

it("items have the scores that the retriever chose them by, where it has any", async () => {
  const dir = run();
  const asked: unknown[] = [];
  const itemScores: Given["itemScores"] = async (_, queries) => {
    asked.push(...queries.map(({ task, id }) => [task, id]));
    return new Map([["synthetic_tag/test-4", [{ item: { id: "4-x", fields: {} }, score: 3.5 }]]]);
  };
  const recency = await shown(dir, { itemScores });
  expect(recency.cases?.[0]?.items.map(({ score }) => score)).toEqual(Array.from({ length: 8 }, () => null));
  expect(asked).toEqual([]);
  const record = readJson<{ config: { profile: { retriever: string } } }>(join(dir, "run.json"));
  record.config.profile.retriever = "bm25";
  writeJson(join(dir, "run.json"), record);
  const bm25 = await shown(dir, { itemScores });
  expect(bm25.cases?.[0]?.items.map(({ score }) => score)).toEqual([3.5, ...Array.from({ length: 7 }, () => null)]);
  expect(bm25.cases?.[0]?.by).toMatch(/^bm25, 8 of \d+, oldest first$/);
  expect(asked).toEqual([["synthetic_tag", "test-4" as QueryId]]);
});

it("without a trained model it says what it needs", async () => {
  expect((await shown(run(), { methods: ["rag-r"] })).says).toEqual([
    "It needs rag-r and one of tagpr, guided, sft-r.",
  ]);
});
