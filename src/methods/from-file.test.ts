import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { evaluateMethod } from "../eval/evaluate.ts";
import { examples, fakeTools } from "../eval/testing/fakes.ts";
import { fromFile, type Missing } from "./from-file.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "predictions-"));
});
const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};
const rows = (list: readonly object[]): string => list.map((row) => `${JSON.stringify(row)}\n`).join("");
const all = examples.map(({ id, gold }) => ({ id, answer: gold }));

async function answersOf(path: string, missing: Missing = "refuse", asked = examples) {
  const told: string[] = [];
  const method = await fromFile("file-mine", path, missing).prepare?.({
    examples: asked,
    say: (line) => told.push(line),
  });
  if (method === undefined) throw new Error("not prepared");
  const { tools } = fakeTools(() => "never");
  const replies = await method.answer(asked, tools);
  return { told, method, responses: replies.map(({ response }) => response), tools };
}

describe("a file of predictions", () => {
  it.each([
    ["rows of id and answer", "p.jsonl", rows(all)],
    [
      "rows of query and prediction, with a task",
      "p.jsonl",
      rows(all.map(({ id, answer }) => ({ query: id, task: "tag", prediction: answer }))),
    ],
    [
      "LaMP's own output",
      "p.json",
      JSON.stringify({ task: "tag", golds: all.map(({ id, answer }) => ({ id, output: answer })) }),
    ],
    [
      "an object of id and text",
      "p.json",
      JSON.stringify(Object.fromEntries(all.map(({ id, answer }) => [id, answer]))),
    ],
    ["a table", "p.csv", `id,output\n${all.map(({ id, answer }) => `${id},${answer}`).join("\n")}\n`],
  ])("is read as %s", async (_, name, text) => {
    const { responses, told } = await answersOf(file(name, text));
    expect(responses).toEqual(all.map(({ answer }) => answer));
    expect(told).toEqual([]);
  });

  it("is scored as every method is, and asks for nothing", async () => {
    const { method } = await answersOf(
      file("p.jsonl", rows(all.toSpliced(0, 1, { id: examples[0]?.id ?? "", answer: "no" } as never))),
    );
    const { tools, asked } = fakeTools(() => "never");
    const predictions = [];
    for await (const batch of evaluateMethod({ method, tools, examples, batch: 2 })) predictions.push(...batch);
    expect(predictions.map(({ strictScore }) => strictScore)).toEqual([0, 1, 1, 1, 1]);
    expect(predictions[1]).toMatchObject({ response: "action", cost: { responses: 0 } });
    expect(asked).toEqual([]);
  });

  it("is read behind its reasoning where all of it reasons", async () => {
    const thinking = all.map(({ id, answer }) => ({ id, response: `<think>\nso\n</think>\n${answer}` }));
    expect((await answersOf(file("p.jsonl", rows(thinking)))).method.reasoning).toBe(true);
    expect((await answersOf(file("q.jsonl", rows([...thinking.slice(1), all[0] ?? {}])))).method.reasoning).toBe(false);
  });

  it("of several tasks may be a folder, and a row without a task belongs where its id is", async () => {
    const two = [...examples, ...examples.map((one) => ({ ...one, task: "other" }))];
    mkdirSync(join(dir, "many"));
    file("many/a.json", JSON.stringify({ task: "tag", golds: all.map(({ id }) => ({ id, output: "a" })) }));
    file("many/b.jsonl", rows(all.map(({ id }) => ({ id, task: "other", output: "b" }))));
    expect((await answersOf(join(dir, "many"), "refuse", two)).responses).toEqual([..."aaaaabbbbb"]);
    await expect(answersOf(file("p.jsonl", rows(all)), "refuse", two)).rejects.toThrow(
      /row 1 \(id q0\).*tag and other/,
    );
  });

  it("with missing queries is refused by count, or scored as wrong and said; unknown ones are left out and said", async () => {
    const short = file("p.jsonl", rows([...all.slice(2), { id: "q99", answer: "comedy" }]));
    await expect(answersOf(short)).rejects.toThrow(
      /file-mine: .* no prediction for 2 of 5 queries \(the first: tag, q0\), and 1 for queries that are not asked/,
    );
    const { responses, told } = await answersOf(short, "wrong");
    expect(responses.slice(0, 3)).toEqual(["", "", "comedy"]);
    expect(told).toEqual([
      expect.stringMatching(/no prediction for 2 of 5 queries; they count as wrong/),
      expect.stringMatching(/1 of its 4 predictions are of queries that are not asked here/),
    ]);
    await expect(answersOf(file("q.jsonl", rows([{ id: "x", answer: "a" }])), "wrong")).rejects.toThrow(
      /none of the 1 predictions of .* is of a query that is asked here/,
    );
  });

  it.each([
    [rows([...all, all[0] ?? {}]), /row 6 \(id q0\): the query q0 stands twice/],
    [rows([{ id: "q0" }]), /row 1 \(id q0\): no output/],
    [rows([{ text: "x" }]), /row 1: no id \(columns: text\)/],
    [rows([{ id: "q0", output: ["a", "b"] }]), /several predictions/],
    [rows([{ id: "q0", output: null }]), /the output is null/],
  ])("says what is wrong with it (%#)", async (text, message) => {
    await expect(answersOf(file("p.jsonl", text))).rejects.toThrow(message);
  });
});
