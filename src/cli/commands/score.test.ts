import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shell } from "../testing/shell.ts";

const { cwd, tagpr } = shell();
const write = (name: string, value: unknown): void =>
  writeFileSync(join(cwd, name), typeof value === "string" ? value : JSON.stringify(value));
const answers = (task: string, outputs: Record<string, string>) => ({
  task,
  golds: Object.entries(outputs).map(([id, output]) => ({ id, output })),
});

write("g2.json", answers("LaMP_2", { a: "comedy", b: "action", c: "comedy" }));
write("p2.json", answers("LaMP_2", { c: "comedy", a: "Comedy.", b: "action" }));
write("q2.json", answers("LaMP_2", { c: "action", a: "action", b: "action" }));
write("g3.json", answers("LaMP_3", { a: "4", b: "1" }));
write("p3.json", answers("LaMP_3", { a: "5", b: "1" }));
write("g4.json", answers("LaMP_4", { a: "Big news today" }));
write("g-zh.json", answers("LaMP_4", { a: "好 好 吃 的" }));
write("p-zh.csv", "id,output\na,好 吃\n");
write("p4.csv", "id,output\na,big news\n");
write(
  "users.json",
  ["a", "b", "c"].map((id) => ({ id, user_id: 1, input: "", profile: [] })),
);

describe("tagpr score", () => {
  it("--json prints n, official and lenient with the metrics' names", async () => {
    const json = async (...flags: string[]) => JSON.parse((await tagpr("score", ...flags, "--json")).out);
    expect(await json("--task", "LaMP_2", "--golds", "g2.json", "--preds", "p2.json")).toMatchObject({
      n: 3,
      official: { accuracy: 2 / 3 },
      lenient: { accuracy: 1, f1_macro: 2 / 15 },
      convention: null,
      intervals: { lenient: { accuracy: { low: 1, high: 1 } } },
    });
    expect(await json("--golds", "g3.json", "--preds", "p3.json", "--resamples", "0")).toEqual({
      ...{ n: 2, convention: null, task: "LaMP_3" },
      official: { mae: 0.5, mse: 0.5, rmse: Math.sqrt(0.5) },
      lenient: { mae: 0.5, mse: 0.5, rmse: Math.sqrt(0.5) },
    });
    const headline = await json("--task", "LaMP-4", "--golds", "g4.json", "--preds", "p4.csv");
    expect(headline).toMatchObject({ convention: "english", official: { rouge1: 0.8, rougeL: 0.8 } });
  });

  it("prints a table that names the convention; --rouge chooses another", async () => {
    const flags = ["score", "--golds", "g4.json", "--preds", "p4.csv"];
    const { out, code } = await tagpr(...flags);
    expect(code).toBe(0);
    expect(out).toMatch(/LaMP_4: 1 predictions; ROUGE by rouge_score's words, no stemmer/);
    expect(out).toMatch(/rouge1 +0\.8000 +no interval +0\.8000/);
    expect((await tagpr(...flags, "--rouge", "tokens")).out).toMatch(/ROUGE by the given words/);
    const chinese = await tagpr("score", "--golds", "g-zh.json", "--preds", "p-zh.csv", "--rouge", "rouge_chinese");
    // As rouge_chinese has it, a word said twice counts once: 2 of 3 given, 2 of 2 answered.
    expect(chinese.out).toMatch(/as rouge_chinese counts them[\s\S]*rouge1 +0\.8000/);
    expect((await tagpr(...flags, "--rouge", "syllables")).code).toBe(2);
  });

  it("says that the best of several references counts, and bounds the resamples", async () => {
    write("refs.jsonl", '{"id": "a", "output": ["Big news", "Today"]}\n');
    const flags = ["score", "--task", "LaMP_4", "--golds", "refs.jsonl", "--preds", "p4.csv"];
    expect((await tagpr(...flags)).out).toMatch(/the best of up to 2 references counts .*score_multi/);
    const json = JSON.parse((await tagpr(...flags, "--json")).out);
    expect(json).toMatchObject({ official: { rouge1: 1 }, references: { queries: 1, most: 2 } });
    expect(await tagpr(...flags, "--resamples", "100001")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/100000/),
    });
  });

  it("--against prints the paired difference, drawn by user with --questions", async () => {
    const flags = ["score", "--golds", "g2.json", "--preds", "p2.json", "--against", "q2.json"];
    expect((await tagpr(...flags)).out).toMatch(/accuracy +\+0\.3333 +\[-?\d\.\d+, \d\.\d+\] +p [01]\.\d+ +\+0\.6667/);
    const json = JSON.parse((await tagpr(...flags, "--questions", "users.json", "--json")).out);
    // One user says nothing of how users differ.
    const { difference, low, high, p } = json.against.differences.lenient.accuracy;
    expect(difference).toBeCloseTo(2 / 3);
    expect([low, high, p]).toEqual([null, null, 1]);
  });

  it.each([
    ["missing", { a: "x", b: "x" }, /no prediction for ids c/],
    ["unknown", { a: "x", b: "x", c: "x", d: "x" }, /does not have: d/],
  ])("a prediction that is %s: an error with the ids, exit code 3", async (_, outputs, message) => {
    write("bad.json", answers("LaMP_2", outputs));
    const failed = await tagpr("score", "--golds", "g2.json", "--preds", "bad.json");
    expect(failed).toMatchObject({ code: 3, out: "", err: expect.stringMatching(message) });
  });

  it("a duplicate, a file that isn't there, an unknown task", async () => {
    write("twice.csv", "id,output\na,x\nb,x\na,x\n");
    const score = (...flags: string[]) => tagpr("score", "--golds", "g2.json", ...flags);
    expect(await score("--preds", "twice.csv")).toMatchObject({
      code: 3,
      err: expect.stringMatching(/twice\.csv: row 3 \(id a\): the id a stands twice/),
    });
    expect((await score("--preds", "none.json")).err).toMatch(/none\.json/);
    const golds = (path: string) => tagpr("score", "--golds", path, "--preds", "p2.json");
    expect(await golds("nowhere")).toMatchObject({ code: 3, err: expect.stringMatching(/no file .*nowhere\n/) });
    expect(await golds(".")).toMatchObject({ code: 3, err: expect.stringMatching(/is a folder, not a file\n/) });
    expect(await score("--preds", "p2.json", "--task", "LaMP_8")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/unknown task LaMP_8 \(did you mean/),
    });
  });
});
