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
      /p\.csv: row 2: the id a stands twice/,
    );
    await expect(scoreFiles({ task: null, golds, preds: file("p.csv", "id,output\n,x\n") })).rejects.toThrow(
      /row 1: no/,
    );
    const bare = file("g.json", [{ id: "a", output: "x" }]);
    await expect(scoreFiles({ task: null, golds: bare, preds: bare })).rejects.toThrow(/does not name its task/);
  });
});
