import { createReadStream, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TagprError } from "../../core/errors.ts";
import { openDataset, readAll, splitOf } from "../dataset.ts";
import { sentence } from "../problem.ts";
import { loadTask } from "../task-file.ts";
import { readAnswers, readLamp } from "./read.ts";
import { scanRecords } from "./scan.ts";

const item = { id: "p1", text: "words", title: "Title", date: "2018-05-26" };
const question = (id: string | number, extra: object = {}) => ({
  id,
  user_id: 7,
  input: "in: x",
  profile: [item],
  ...extra,
});
const golds = (...ids: (string | number)[]) => ({
  task: "LaMP_4",
  golds: ids.map((id) => ({ id, output: `gold ${id}` })),
});

function folder(files: Record<string, unknown>): string {
  const dir = mkdtempSync(join(tmpdir(), "lamp-"));
  for (const [name, value] of Object.entries(files))
    writeFileSync(join(dir, name), typeof value === "string" ? value : JSON.stringify(value));
  return dir;
}

const train = (questions: unknown, outputs: unknown) =>
  folder({ "train_questions.json": questions, "train_outputs.json": outputs });

async function read(dir: string) {
  const dataset = await openDataset(dir);
  return readAll(splitOf(dataset, "train"));
}

async function messageFrom(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: TagprError) => `${error.code}: ${error.message} | ${error.hint ?? ""}`,
  );
}

describe("reading LaMP", () => {
  it("joins golds by id whatever their order, with ids as numbers or strings", async () => {
    const rows = await read(train([question(1), question("2")], golds("2", 1)));
    expect(rows.map((row) => [row.id, row.gold, row.user])).toEqual([
      ["1", "gold 1", "7"],
      ["2", "gold 2", "7"],
    ]);
  });

  it("accepts wrapped questions, a byte order mark and golds as a bare array", async () => {
    const dir = train(`\uFEFF${JSON.stringify({ task: "x", questions: [question("a")] })}`, [{ id: "a", output: "g" }]);
    const dataset = await openDataset(dir, { task: loadTask("LaMP_4") });
    expect((await readAll(splitOf(dataset, "train"))).map((row) => row.gold)).toEqual(["g"]);
  });

  it("reads the user-based split: no user, no dates, file order kept", async () => {
    const profile = [2, 1].map((id) => ({ id, text: "t", title: "T" }));
    const [row] = await read(train([{ id: "a", input: "i", profile }], golds("a")));
    expect(row?.user).toBeNull();
    expect(row?.profile.map((one) => one.id)).toEqual(["2", "1"]);
  });

  it("puts dated profiles oldest first, comparing dates as integer tuples, equal dates in file order", async () => {
    const dates = ["2018-05-26", 2018, "2017-12-01", "2018-05-26", "2018-5-3"];
    const profile = dates.map((date, i) => ({ id: i, text: "t", title: "T", date }));
    const [row] = await read(train([question("a", { profile })], golds("a")));
    expect(row?.profile.map((one) => one.id)).toEqual(["2", "1", "4", "0", "3"]);
  });

  it("accepts `rate` for `score`", async () => {
    const profile = [{ id: 1, text: "t", rate: 4 }];
    const [row] = await read(train([question("a", { profile })], { ...golds("a"), task: "LaMP_3" }));
    expect(row?.profile[0]?.fields).toEqual({ text: "t", score: "4" });
  });

  it("tells the old news task from the movies, which both call themselves LaMP_2", async () => {
    const outputs = { task: "LaMP_2", golds: [{ id: "a", output: "x" }] };
    const news = [question("a", { profile: [{ id: 1, text: "t", title: "T", category: "politics" }] })];
    const movies = [question("a", { profile: [{ id: 1, description: "d", tag: "comedy" }] })];
    expect((await openDataset(train(news, outputs))).task.name).toBe("LaMP_2_old");
    expect((await openDataset(train(movies, outputs))).task.name).toBe("LaMP_2");
  });

  it("allows a test split without golds", async () => {
    const dir = folder({ "test_questions.json": [question("a")] });
    const dataset = await openDataset(dir, { task: loadTask("LaMP_4") });
    expect((await readAll(splitOf(dataset, "test")))[0]?.gold).toBeNull();
  });
});

describe("bad LaMP files end in a sentence that names the record", () => {
  const cases: [string, unknown, unknown, RegExp][] = [
    [
      "a half-written file",
      JSON.stringify([question(1), question(2)]).slice(0, -30),
      golds(1, 2),
      /data: .*train_questions\.json: cut off at byte \d+ inside record 2, which begins at byte \d+, line 1 \|.*again/,
    ],
    [
      "a file cut between records",
      JSON.stringify([question(1)]).slice(0, -1),
      golds(1),
      /cut off at byte \d+ after 1 whole records/,
    ],
    ["an empty file", "", golds(1), /train_questions\.json: the file is empty/],
    [
      "broken JSON in a record",
      '[{"id": 1, "input": nope}]',
      golds(1),
      /record 1 at byte 1, line 1: a record can't be read \(not JSON: /,
    ],
    ["no array", '{"id": 1}x', golds(1), /not a JSON array of records/],
    [
      "a question without gold",
      [question(1), question(2)],
      golds(1),
      /record 2 \(id 2\) at byte \d+, line 1: no gold for this question in .*train_outputs/,
    ],
    ["a duplicate question", [question(1), question(1)], golds(1), /record 2 \(id 1\) .*this id stands twice/],
    ["a duplicate gold", [question(1)], golds(1, 1), /train_outputs\.json: record 2 \(id 1\) .*stands twice/],
    [
      "a gold without question",
      [question(1)],
      golds(1, 2),
      /train_outputs\.json: 1 golds have no question in .* \(ids 2\)/,
    ],
    ["a gold without output", [question(1)], { task: "LaMP_4", golds: [{ id: 1 }] }, /record 1 \(id 1\).*no output/],
    ["no id", [{ input: "x", profile: [] }], golds(1), /record 1 at byte 1, line 1: no id/],
    [
      "an id beyond 2^53",
      `[{"id": 1234567890123456789}]`,
      golds(1),
      /the id is a number beyond 2\^53.* \(1234567890123456800\)/,
    ],
    [
      "a user beyond 2^53",
      [question(1, { user_id: 2 ** 60 })],
      golds(1),
      /the user_id is a number beyond .* \(1152921504606847000\)/,
    ],
    ["no input", [{ id: 1, profile: [] }], golds(1), /record 1 \(id 1\).*no input/],
    ["no profile", [{ id: 1, input: "x" }], golds(1), /no profile/],
    [
      "an item without a field",
      [question(1, { profile: [{ id: "p", text: "t" }] })],
      golds(1),
      /a profile item has no title \(item 1, id p\)/,
    ],
    [
      "an item with an odd date",
      [question(1, { profile: [{ ...item, date: "May 2018" }] })],
      golds(1),
      /a profile item's date can't be read \(item 1, id p1: "May 2018"\)/,
    ],
  ];
  it.each(cases)("%s", async (_name, questions, outputs, message) => {
    expect(await messageFrom(read(train(questions, outputs)))).toMatch(message);
  });

  it("a missing outputs file, a missing split, an empty folder, no folder, an unknown task", async () => {
    expect(await messageFrom(openDataset(folder({ "dev_questions.json": [] })))).toMatch(
      /dev_outputs\.json is missing/,
    );
    expect(await messageFrom(openDataset(folder({ "x.txt": "" })))).toMatch(
      /no \{split\}_questions\.json here \(found: x\.txt\)/,
    );
    expect(await messageFrom(openDataset("/nowhere"))).toMatch(/nowhere is not there/);
    expect(await messageFrom(openDataset(train([], { task: "LaMP_9", golds: [] })))).toMatch(/unknown task LaMP_9/);
    const yaml = join(train([], []), "other.yaml");
    writeFileSync(yaml, "secret: 1");
    expect(await messageFrom(openDataset(train([], { task: yaml, golds: [] })))).toMatch(/outputs\.json: unknown task/);
    expect(await messageFrom(openDataset(train([], [])))).toMatch(/no outputs file names its task/);
    const dataset = await openDataset(train([question(1)], golds(1)));
    expect(() => splitOf(dataset, "dev")).toThrow(/has no split dev \(it has train\)/);
  });

  it("a line number counts lines of a pretty-printed file", async () => {
    const text = JSON.stringify([question(1), { id: 2 }], null, 2);
    const line = text.slice(0, text.lastIndexOf("{")).split("\n").length;
    expect(await messageFrom(read(train(text, golds(1, 2))))).toContain(`line ${line}: no input`);
  });

  it("with onProblem every bad record is told and left out, the good ones come", async () => {
    const dir = train([question(1), { id: 2 }, question(1), question(3)], golds(1, 9));
    const problems: string[] = [];
    const good: string[] = [];
    const task = loadTask("LaMP_4");
    const path = (name: string) => join(dir, name);
    for await (const row of readLamp(task, path("train_questions.json"), path("train_outputs.json"), {
      onProblem: (problem) => problems.push(sentence(problem)),
    }))
      good.push(row.id);
    expect(good).toEqual(["1"]);
    expect(problems).toHaveLength(4);
  });
});

describe("scanRecords", () => {
  const anything = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 8 });

  it("finds what JSON.parse finds, bare or wrapped, whatever quotes and backslashes the strings hold", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "scan-")), "x.json");
    await fc.assert(
      fc.asyncProperty(
        anything,
        fc.boolean(),
        fc.constantFrom(0, 1),
        fc.integer({ min: 1, max: 40 }),
        async (records, wrap, indent, chunk) => {
          const value = wrap ? { note: { a: [{}] }, golds: records, task: "T" } : records;
          writeFileSync(path, JSON.stringify(value, null, indent));
          const found: unknown[] = [];
          for await (const raw of scanRecords(path, createReadStream(path, { highWaterMark: chunk })))
            found.push(raw.value);
          expect(found).toEqual(JSON.parse(JSON.stringify(records)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is indifferent to where chunks end", async () => {
    const text = '[{"a": "x\\\\", "b": "\\"{[\\\\\\"", "c": [{"d": "}"}]},\n {"é": "漢字 \\u00e9"}]';
    const path = join(mkdtempSync(join(tmpdir(), "scan-")), "x.json");
    writeFileSync(path, text);
    for (let chunk = 1; chunk <= Buffer.byteLength(text); chunk++) {
      const found: unknown[] = [];
      for await (const raw of scanRecords(path, createReadStream(path, { highWaterMark: chunk })))
        found.push(raw.value);
      expect(found).toEqual(JSON.parse(text));
    }
  });

  it("reads the task's name wherever it stands in the wrapper", async () => {
    const dir = folder({ "a.json": '{"golds": [{"id": 1, "output": "x"}], "task": "LaMP_7"}' });
    expect((await readAnswers(join(dir, "a.json"))).task).toBe("LaMP_7");
  });
});
