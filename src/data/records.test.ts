import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { openDataset, readAll, splitOf } from "./dataset.ts";
import { compareDates, compareTuples, parseDate, surelyEarlier } from "./dates.ts";
import { initTask } from "./init-task.ts";
import { writeLamp } from "./lamp/write.ts";
import { MAX_HISTORY, queriesFromRows } from "./records.ts";
import { readRows } from "./rows.ts";
import { splitByUser } from "./split.ts";
import type { Row } from "./table/options.ts";
import { writeRows } from "./table/write.ts";
import { loadTask } from "./task-file.ts";

const dir = () => mkdtempSync(join(tmpdir(), "records-"));
const TASK = `name: tickets
title: Replies
kind: generation
itemFields: [ticket, {name: reply, label: true}]
corpus: "{ticket}"
query: {after: "ticket:"}
item: "{ticket} | {reply}"
metric: rougeL
answer: the reply
prompt: "Reply to the ticket: {ticket}"
record: {user: agent, gold: reply, date: day, id: key, minHistory: 1}
`;
const taskFile = (text = TASK) => {
  const path = join(dir(), "task.yaml");
  writeFileSync(path, text);
  return path;
};
const row = (key: number, agent: string, day: string, more: Row = {}): Row => ({
  key,
  agent,
  day,
  ticket: `t${key}`,
  reply: `r${key}`,
  ...more,
});
const examplesFromRows = async (...given: Parameters<typeof queriesFromRows>) =>
  (await queriesFromRows(...given)).map((query) => query.make());
const all = async (path: string) => {
  const rows: Row[] = [];
  for await (const one of readRows(path)) rows.push(one);
  return rows;
};

it("a month is not earlier than its own days", async () => {
  const rows = [row(1, "a", "2018-04"), row(2, "a", "2018-05"), row(3, "a", "2018-05-02")];
  const examples = await examplesFromRows(loadTask(taskFile()), rows);
  expect(examples.map(({ id, profile }) => [id, profile.map((item) => item.id)])).toEqual([
    ["2", ["1"]],
    ["3", ["1"]],
  ]);
});

describe("tables", () => {
  const value = fc.oneof(fc.string(), fc.constant('a "quoted", cell\nof two lines'), fc.constant("漢字"));

  it.each(["jsonl", "csv", "tsv", "parquet"])("%s: what is written is read back", async (ending) => {
    const path = join(dir(), `x.${ending}`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 6 }), async (rows) => {
        await writeRows(path, rows);
        expect(await all(path)).toEqual(rows);
      }),
      { numRuns: 30 },
    );
  });

  it("numbers stay numbers in JSONL and Parquet; nested values become JSON text in flat formats", async () => {
    const path = join(dir(), "x.parquet");
    const rows = [
      { n: 1.5, deep: [{ a: 1 }], gone: null },
      { n: 2, deep: [], gone: "x" },
    ];
    await writeRows(path, rows);
    expect(await all(path)).toEqual([
      { n: 1.5, deep: '[{"a":1}]', gone: null },
      { n: 2, deep: "[]", gone: "x" },
    ]);
  });

  it("64-bit integers of Parquet keep their digits", async () => {
    const path = join(dir(), "x.parquet");
    const data = [7n, 9007199254740993n, -9007199254740995n, 9223372036854775807n];
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "id", data, type: "INT64" }] })));
    expect((await all(path)).map(({ id }) => id)).toEqual([
      ...[7, "9007199254740993", "-9007199254740995", "9223372036854775807"],
    ]);
  });

  it("errors name file and place", async () => {
    const path = join(dir(), "x.csv");
    writeFileSync(path, "a,b\n1,2\n3\n");
    await expect(all(path)).rejects.toThrow(/x\.csv: .*line 3/);
    await expect(all("/nowhere.csv")).rejects.toThrow(/^no file \/nowhere\.csv$/);
    await expect(all("/nowhere.parquet")).rejects.toThrow(/^no file \/nowhere\.parquet$/);
    await expect(all(dir())).rejects.toThrow(/is a folder, not a file/);
    const sheet = join(dir(), "x.xlsx");
    writeFileSync(sheet, "");
    await expect(all(sheet)).rejects.toThrow(/unknown kind of table/);
    const lines = join(dir(), "x.jsonl");
    writeFileSync(lines, '{"a": 1}\n[1]\n');
    await expect(all(lines)).rejects.toThrow(/row 2: a list, no object/);
  });
});

describe("own records", () => {
  const task = loadTask(taskFile());

  it("earlier rows of the same user are the profile, rows of the same day are not", async () => {
    const rows = [
      row(3, "ann", "2020-03-01"),
      row(1, "ann", "2020-01-01"),
      row(2, "bob", "2020-02-01"),
      row(4, "ann", "2020-03-01"),
      row(5, "ann", "2020-04-01"),
    ];
    const examples = await examplesFromRows(task, rows);
    expect(examples.map((e) => [e.id, e.profile.map((i) => i.id)])).toEqual([
      ["3", ["1"]],
      ["4", ["1"]],
      ["5", ["1", "3", "4"]],
    ]);
    expect(examples[0]).toMatchObject({
      user: "ann",
      input: "Reply to the ticket: t3",
      gold: "r3",
      date: "2020-03-01",
    });
  });

  it("a history holds the newest of the earlier rows, `maxHistory` at most; what was left out is told", async () => {
    const capped = loadTask(taskFile(TASK.replace("minHistory: 1", "minHistory: 1, maxHistory: 2")));
    const days = ["2018", "2019-01-01", "2019-02-01", "2019-02-01", "2019-02", "2019-03-05", "2019-03"];
    const queries = await queriesFromRows(
      capped,
      days.map((day, i) => row(i, "ann", day)),
    );
    expect(queries.map(({ id, cut, make }) => [id, cut, make().profile.map((item) => item.id)])).toEqual([
      ["1", false, ["0"]],
      ["4", false, ["0", "1"]],
      ["2", false, ["0", "1"]],
      ["3", false, ["0", "1"]],
      ["6", true, ["2", "3"]],
      ["5", true, ["2", "3"]],
    ]);
    const few = taskFile(TASK.replace("minHistory: 1", "minHistory: 3, maxHistory: 2"));
    expect(() => loadTask(few)).toThrow(/maxHistory 2 is less than minHistory 3/);
  });

  it("law: histories are all that is surely earlier, in order, as long as they are short", async () => {
    const day = fc.constantFrom("2018", "2018-01", "2018-1", "2018-02", "2018-02-03", "2018-02-04", "2019");
    await fc.assert(
      fc.asyncProperty(fc.array(day, { maxLength: 12 }), async (days) => {
        const rows = days.map((one, i) => row(i, "a", one));
        const tuple = (i: string | number) => parseDate(days[Number(i)] ?? "") ?? [];
        for (const { id, profile } of await examplesFromRows(task, rows)) {
          const earlier = days.flatMap((_, i) => (surelyEarlier(tuple(i), tuple(id)) ? [String(i)] : []));
          expect(profile.map((item) => item.id)).toEqual(earlier.sort((a, b) => compareTuples(tuple(a), tuple(b))));
        }
      }),
    );
  });

  it("a user's rows cost as many as they are, not their square: a history has an end", async () => {
    const days = Array.from({ length: 1200 }, (_, i) => row(i, "ann", String(1000 + i)));
    const examples = await examplesFromRows(task, days);
    expect(Math.max(...examples.map(({ profile }) => profile.length))).toBe(MAX_HISTORY);
    expect(examples.at(-1)?.profile.map(({ id }) => id)).toEqual(
      Array.from({ length: MAX_HISTORY }, (_, i) => String(1199 - MAX_HISTORY + i)),
    );
  });

  it.each([
    [
      "a missing column",
      [{ agent: "a", day: "2020", ticket: "t" }],
      /no row has the column reply \(record.gold\): did you mean|the columns are/,
    ],
    ["no user", [row(1, "", "2020")], /row 1: no agent/],
    [
      "a user beyond 2^53",
      [{ ...row(1, "a", "2020"), agent: 2 ** 60 }],
      /row 1: the agent is a number beyond .*\(1152921504606847000\)/,
    ],
    ["an odd date", [row(1, "a", "yesterday")], /row 1: the date in day can't be read \("yesterday"\)/],
    ["a duplicate id", [row(1, "a", "2020"), row(1, "b", "2021")], /row 2: an id that stands twice \(1\)/],
  ])("refuses %s", async (_, rows, message) => {
    await expect(examplesFromRows(task, rows as Row[])).rejects.toThrow(message);
  });

  it("refuses a prompt that shows the answer, and a task without record columns", async () => {
    const leaky = loadTask(taskFile(TASK.replace("ticket: {ticket}", "ticket: {ticket} {reply}")));
    await expect(examplesFromRows(leaky, [])).rejects.toThrow(/shows the gold column \{reply\}/);
    await expect(examplesFromRows(loadTask("synthetic_tag"), [])).rejects.toThrow(
      /does not say how a row becomes a query/,
    );
  });

  it("no profile item is later than or of the query's day, whatever the dates, and no user is in both splits", async () => {
    const day = fc.tuple(fc.integer({ min: 2018, max: 2020 }), fc.integer({ min: 1, max: 3 })).map((d) => d.join("-"));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), day)), fc.integer(), async (people, seed) => {
        const examples = await examplesFromRows(
          task,
          people.map(([who, when], i) => row(i, who, when)),
        );
        for (const one of examples)
          for (const item of one.profile) expect(compareDates(item.date ?? "", one.date ?? "")).toBeLessThan(0);
        const { train, dev } = splitByUser(examples, { seed, devShare: 0.3 });
        expect(train.length + dev.length).toBe(examples.length);
        const users = new Set(train.map((e) => e.user));
        expect(dev.some((e) => users.has(e.user))).toBe(false);
        if (examples.length > 0) expect(dev.length).toBeGreaterThan(0);
      }),
    );
  });

  it("LaMP's layout with a task.yaml beside it is read back as it was", async () => {
    const out = dir();
    writeFileSync(join(out, "task.yaml"), TASK);
    const examples = await examplesFromRows(
      task,
      Array.from({ length: 6 }, (_, i) => row(i, i % 2 ? "a" : "b", `20${10 + i}`)),
    );
    expect(await writeLamp(out, "train", task, examples)).toBe(4);
    const dataset = await openDataset(out);
    expect(dataset.task.name).toBe("tickets");
    expect(await readAll(splitOf(dataset, "train"))).toEqual(examples);
  });
});

describe("initTask", () => {
  it.each([
    ["generation", { reply: (i: number) => `We are sorry number ${i} and send another ${i * 7}` }, "generation"],
    ["classification", { tag: (i: number) => ["billing", "bug", "praise"][i % 3] ?? "" }, "classification"],
    ["ordinal", { stars: (i: number) => String(1 + (i % 5)) }, "ordinal"],
  ] as const)("guesses a %s task that loads and builds examples", async (_, gold, kind) => {
    const folder = dir();
    const path = join(folder, "my tickets.csv");
    const [name, make] = Object.entries(gold)[0] ?? ["", () => ""];
    const rows = Array.from({ length: 40 }, (_, i) => ({
      ticket_id: `k${i}`,
      customer: `c${i % 5}`,
      created: `2021-01-${String(1 + (i % 28)).padStart(2, "0")}`,
      body: `A longer text of what went wrong in case ${i}`,
      [name]: make(i),
    }));
    await writeRows(path, rows);
    const file = join(folder, "mine.yaml");
    writeFileSync(file, (await initTask(path)).text);
    const task = loadTask(file);
    expect(task).toMatchObject({
      name: "my_tickets",
      kind,
      record: { user: "customer", gold: name, id: "ticket_id", date: "created" },
    });
    const examples = await examplesFromRows(task, readRows(path));
    expect(examples.length).toBeGreaterThan(20);
    expect(examples[0]?.input).toContain("A longer text");
  });

  it("says what it can't tell", async () => {
    const path = join(dir(), "x.csv");
    writeFileSync(path, "a,b\n1,2\n");
    await expect(initTask(path)).rejects.toThrow(/too few to guess from/);
  });
});
