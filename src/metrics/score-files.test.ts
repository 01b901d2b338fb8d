import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scoreFiles } from "./score-files.ts";

const file = (name: string, value: unknown): string => {
  const path = join(mkdtempSync(join(tmpdir(), "score-")), name);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
};
const answers = (pairs: Record<string, string>, task = "LaMP_2") => ({
  task,
  golds: Object.entries(pairs).map(([id, output]) => ({ id, output })),
});
const golds = file("golds.json", answers({ a: "comedy", b: "action" }));

describe("scoreFiles", () => {
  it("joins by id whatever the order, and takes the task from the golds", async () => {
    const preds = file("preds.json", answers({ b: "action", a: "Comedy" }));
    expect(await scoreFiles({ task: null, golds, preds })).toMatchObject({
      task: "LaMP_2",
      n: 2,
      official: { accuracy: 0.5 },
      lenient: { accuracy: 1 },
    });
  });

  it("reads no file that the golds or predictions name as their task", async () => {
    const own = file("own.yaml", "secret: of another's home\n");
    for (const task of [own, "../../own.yaml", "/dev/zero.yaml"]) {
      const chosen = file("chosen.json", answers({ a: "comedy", b: "action" }, task));
      const bare = file("bare.json", [
        { id: "a", output: "comedy" },
        { id: "b", output: "action" },
      ]);
      for (const [ofGolds, preds] of [
        [chosen, golds],
        [bare, chosen],
      ] as const) {
        const failure = await scoreFiles({ task: null, golds: ofGolds, preds }).catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: "data", message: `${chosen}: unknown task ${task}` });
      }
    }
  });

  it("accepts tables and bare arrays, and number ids", async () => {
    const table = file("preds.csv", "id,prediction\na,comedy\nb,action\n");
    expect((await scoreFiles({ task: "LaMP-2", golds, preds: table })).official.accuracy).toBe(1);
    const stars = file("g.json", { task: "LaMP_3", golds: [{ id: 1, output: 4 }] });
    const lines = file("p.jsonl", '{"id": "1", "output": 5}\n');
    expect((await scoreFiles({ task: null, golds: stars, preds: lines })).official.mae).toBe(1);
    const bare = file("p.json", [{ id: "1", output: "4" }]);
    expect((await scoreFiles({ task: null, golds: stars, preds: bare })).official.mae).toBe(0);
  });

  it("takes several references a query, as a list in JSON, JSON Lines or of words", async () => {
    const preds = file("p.json", answers({ a: "Big news", b: "Small news" }, "LaMP_4"));
    const lists = { a: ["Great news", "Big news"], b: ["Small news"] };
    const json = file("g.json", {
      task: "LaMP_4",
      golds: Object.entries(lists).map(([id, output]) => ({ id, output })),
    });
    const lines = file(
      "g.jsonl",
      Object.entries(lists)
        .map(([id, l]) => JSON.stringify({ id, references: l }))
        .join("\n"),
    );
    for (const golds of [json, lines])
      expect(await scoreFiles({ task: "LaMP_4", golds, preds })).toMatchObject({
        official: { rouge1: 1, rougeL: 1 },
        references: { queries: 1, most: 2 },
      });
    const words = file("w.json", [
      {
        id: "a",
        output: [
          ["好", "看"],
          ["好", "吃"],
        ],
      },
    ]);
    const said = file("s.json", [{ id: "a", output: ["好", "吃"] }]);
    const got = await scoreFiles({ task: "LaMP_4", golds: words, preds: said, convention: "tokens" });
    expect(got.official.rouge1).toBe(1);
  });

  it("reads an object of id and text", async () => {
    const preds = file("p.json", { b: "action", a: "comedy" });
    expect((await scoreFiles({ task: null, golds, preds })).official.accuracy).toBe(1);
  });

  it.each([
    ["null", [{ id: "a", output: null }], /record 1 \(id a\).*: the output is null/],
    ["an object", [{ id: "a", output: { text: "x", score: 1 } }], /an object with text, score, not a text/],
    ["other columns", [{ id: "a", custom_id: "1", body: "x" }], /no output \(it has id, custom_id, body\)/],
    ["no id", [{ custom_id: "1", output: "x" }], /no id \(keys: custom_id, output\)/],
    ["an object of objects", { a: { x: 1 }, b: "c" }, /read as an object of id and text: a: the output is an object/],
    ["an empty list", [{ id: "a", output: [] }], /an empty list/],
    [
      "two predictions",
      [
        { id: "a", output: ["x", "y"] },
        { id: "b", output: "x" },
      ],
      /id a has 2 predictions/,
    ],
  ])("names the shape of predictions: %s", async (_, value, message) => {
    await expect(scoreFiles({ task: null, golds, preds: file("p.json", value) })).rejects.toThrow(message);
  });

  it("scores the old news task, whose files call themselves LaMP_2", async () => {
    const news = file("g.json", answers({ a: "politics" }));
    const got = await scoreFiles({
      task: "LaMP-2-old",
      golds: news,
      preds: file("p.json", answers({ a: "politics" })),
    });
    expect(got).toMatchObject({ task: "LaMP_2_old", official: { accuracy: 1 } });
  });

  it.each([
    ["a missing prediction", answers({ a: "x" }), /no prediction for ids b/],
    ["an unknown id", answers({ a: "x", b: "x", zz: "x" }), /ids that .*golds\.json does not have: zz/],
    [
      "a duplicate",
      {
        task: "LaMP_2",
        golds: [
          { id: "a", output: "x" },
          { id: "a", output: "x" },
        ],
      },
      /record 2 \(id a\).*stands twice/,
    ],
    ["another task", answers({ a: "x", b: "x" }, "LaMP_4"), /preds\.json is of task LaMP_4, not LaMP_2/],
  ])("%s is an error that names the ids", async (_, preds, message) => {
    await expect(scoreFiles({ task: null, golds, preds: file("preds.json", preds) })).rejects.toThrow(message);
  });

  it("a duplicate or a row without id in a table; a file without task", async () => {
    const twice = file("p.csv", "id,output\na,x\na,y\n");
    await expect(scoreFiles({ task: null, golds, preds: twice })).rejects.toThrow(
      /p\.csv: row 2 \(id a\): the id a stands twice/,
    );
    await expect(scoreFiles({ task: null, golds, preds: file("p.csv", "id,output\n,x\n") })).rejects.toThrow(
      /row 1: no/,
    );
    const bare = file("g.json", [{ id: "a", output: "x" }]);
    await expect(scoreFiles({ task: null, golds: bare, preds: bare })).rejects.toThrow(/does not name its task/);
  });
});
