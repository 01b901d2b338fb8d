import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TagprError } from "../core/errors.ts";
import { openDataset, readAll, splitOf } from "./dataset.ts";
import { initTask } from "./init-task.ts";
import { writeLamp } from "./lamp/write.ts";
import { queriesFromRows } from "./records.ts";
import { readRows } from "./rows.ts";
import type { Row } from "./table/options.ts";
import { writeRows } from "./table/write.ts";
import { parseTask } from "./task-file.ts";
import type { Example } from "./types.ts";

const dir = mkdtempSync(join(tmpdir(), "init-build-"));
let count = 0;

/** What `data init` writes of these rows, and what `data build` makes of that. */
async function through(rows: readonly Row[], ending = "jsonl") {
  const path = join(dir, `${count++}.${ending}`);
  await writeRows(path, rows);
  const { text, warnings } = await initTask(path);
  const task = parseTask(text, path);
  const notes: string[] = [];
  const queries = await queriesFromRows(task, readRows(path), { onNote: (note) => notes.push(note) });
  return { task, text, warnings, notes, examples: queries.map((query) => query.make()) };
}

const table = (names: { who: string; when: string; said: string; mood: string }): Row[] =>
  Array.from({ length: 24 }, (_, i) =>
    Object.fromEntries([
      [names.who, `person ${i % 4}`],
      [names.when, `2019-02-${String(1 + i).padStart(2, "0")}`],
      [names.said, `what was said the time number ${i}`],
      [names.mood, ["glad", "sad"][i % 2]],
    ]),
  );

describe("what init writes, build reads", () => {
  const strange = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12, unit: "binary" }),
    fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."{}\"'\\:#|&*!%@`\n\r\t -?[],>a") }),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "id",
      "date",
      "hasOwnProperty",
      'What\'s {this}: "a"?\n',
      "null",
      "~",
      "true",
      "1.0",
      "标题",
    ),
  );
  // A lone surrogate is no character: no file holds it.
  const name = strange.filter((one) => one.trim() !== "" && !/\p{Cs}/u.test(one) && !one.includes("\ufeff"));

  it.each(["jsonl", "csv"])(
    "law: for every name of the column of the text and of the answer, in %s",
    async (ending) => {
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 2 }), async ([said = "", mood = ""]) => {
          fc.pre(!["user", "when"].includes(said) && !["user", "when"].includes(mood));
          // A header that is a number looks like data; that has a flag of its own.
          fc.pre(ending !== "csv" || ![said, mood].some((one) => /^[-+\d.,/: TZ]+$/.test(one)));
          const { examples, task } = await through(table({ who: "user", when: "when", said, mood }), ending);
          expect(task.record?.user).toBe("user");
          expect(examples.length).toBeGreaterThan(0);
          for (const { input, profile } of examples) {
            const asked = input.includes("what was said the time number");
            // Of two columns that say nothing to anyone, either may be taken for the answer.
            expect(asked || /\b(?:glad|sad)\b/.test(input)).toBe(true);
            expect(Object.keys(profile[0]?.fields ?? {})).toHaveLength(2);
          }
          const out = join(dir, `folder-${count}`);
          await writeLamp(out, "train", task, examples);
          const back = await readAll(splitOf(await openDataset(out, { task }), "train"));
          expect(back).toEqual(examples);
        }),
        { numRuns: 60 },
      );
    },
  );

  it("a column of times is the date, in each of the forms that people have", async () => {
    const days = Array.from({ length: 24 }, (_, i) => new Date(Date.UTC(2019, 0, 1 + 17 * ((7 * i) % 24))));
    const two = (n: number) => String(n).padStart(2, "0");
    const forms: Record<string, (day: Date) => unknown> = {
      seconds: (day) => day.getTime() / 1000,
      "milliseconds as text": (day) => String(day.getTime()),
      "with slashes": (day) => `${day.getUTCDate()}/${day.getUTCMonth() + 1}/${day.getUTCFullYear()}`,
      "RFC 2822": (day) => day.toUTCString(),
      Chinese: (day) => `${day.getUTCFullYear()}年${day.getUTCMonth() + 1}月${day.getUTCDate()}日`,
      "digits alone": (day) => Number(`${day.getUTCFullYear()}${two(day.getUTCMonth() + 1)}${two(day.getUTCDate())}`),
      Excel: (day) => day.getTime() / 86_400_000 + 25_569,
    };
    for (const [form, write] of Object.entries(forms)) {
      const rows = table({ who: "user", when: "posted_at", said: "said", mood: "mood" });
      const { examples, task } = await through(
        rows.map((row, i) => ({ ...row, posted_at: write(days[i] ?? new Date(0)) })),
      );
      expect([form, task.record?.date]).toEqual([form, "posted_at"]);
      expect(examples).toHaveLength(16);
      for (const { date = "", profile } of examples)
        for (const item of profile) expect((item.date ?? "") < date).toBe(true);
    }
  });

  it("a doubtful date is asked, with the flag; the answer is written into the task", async () => {
    const rows = table({ who: "user", when: "posted", said: "said", mood: "mood" }).map((row, i) => ({
      ...row,
      posted: `${1 + (i % 6)}/${1 + (i % 9)}/2019`,
    }));
    await expect(through(rows)).rejects.toThrow(
      /posted can be read in more than one way: ".*2019" as d\/M\/yyyy or M\/d\/yyyy/,
    );
    const path = join(dir, "doubt.jsonl");
    await writeRows(path, rows);
    const { text } = await initTask(path, { dateFormat: "M/d/yyyy" });
    expect(parseTask(text, path).record).toMatchObject({ date: "posted", dateFormat: "M/d/yyyy" });
  });

  it("a time that nobody can read is said loudly, by init and by build", async () => {
    const rows = table({ who: "user", when: "posted", said: "said", mood: "mood" });
    const bad = await through(rows.map((row) => ({ ...row, posted: "2019-02-30" })));
    expect(bad.task.record?.date).toBeUndefined();
    expect(bad.warnings.join("\n")).toMatch(/posted looks like a time and is NOT used: 0 of .*"2019-02-30" is not/);
    const { text, task } = await through(rows);
    const without = parseTask(text.replace(/^ {2}date: .*\n/m, ""), "x.yaml");
    const notes: string[] = [];
    await queriesFromRows(without, rows, { onNote: (note) => notes.push(note) });
    expect(notes).toEqual([expect.stringMatching(/posted is a time in 24 of 24 rows and the task does not use it/)]);
    expect(task.record?.date).toBe("posted");
  });
});

describe("roles", () => {
  const head = { date: "2020-01-01", remark: "" };
  const many = (row: (i: number) => Row): Row[] =>
    Array.from({ length: 40 }, (_, i) => ({
      ...head,
      date: `2020-02-${String(1 + (i % 28)).padStart(2, "0")}`,
      ...row(i),
    }));

  it.each<[string, (i: number) => Row, string, string, string]>([
    [
      "words of a header are whole",
      (i) => ({ user: `u${i % 5}`, vintage: 1990 + i, remark: `long remark ${i}`, mood: ["a", "b"][i % 2] }),
      "user",
      "mood",
      "classification",
    ],
    [
      "camels are parted",
      (i) => ({ customerId: i % 5, overallRating: 1 + (i % 5), remark: `long remark ${i}` }),
      "customerId",
      "overallRating",
      "ordinal",
    ],
    [
      "a user's rating is a rating",
      (i) => ({ reviewer_score: 1 + (i % 4), reviewer: `u${i % 5}`, remark: `long remark ${i}` }),
      "reviewer",
      "reviewer_score",
      "ordinal",
    ],
    [
      "objects within rows",
      (i) => ({ user: { id: `u${i % 5}`, langs: ["de"] }, remark: `long remark ${i}`, liked: i % 2 === 0 }),
      "user.id",
      "liked",
      "classification",
    ],
    [
      "stars as people write them",
      (i) => ({ user: `u${i % 5}`, stars: `${1 + (i % 5)},0 / 5`, remark: `long remark ${i}` }),
      "user",
      "stars",
      "ordinal",
    ],
  ])("%s", async (_, row, user, gold, kind) => {
    const { task, examples } = await through(many(row));
    expect([task.record?.user, task.record?.gold, task.kind]).toEqual([user, gold, kind]);
    expect(examples.length).toBeGreaterThan(10);
    if (kind === "ordinal") expect(examples.every((one: Example) => task.labels.includes(one.gold ?? ""))).toBe(true);
  });

  it("a column that is empty, or the same in every row, is named where nothing can be asked for it", async () => {
    const rows = table({ who: "user", when: "date", said: "text", mood: "label" });
    const refused = async (more: Row) => {
      const error = await through(rows.map((row) => ({ ...row, ...more }))).catch((e: unknown) => e);
      return error instanceof TagprError ? error.hint : "";
    };
    expect(await refused({ text: "" })).toMatch(/^text is empty\. Rename/);
    expect(await refused({ label: "sad" })).toMatch(/^label is "sad" in every row\. Rename/);
  });

  it("guesses rest on all rows, which is said: a table sorted by its answer has all labels", async () => {
    const { text, task } = await through(
      Array.from({ length: 3000 }, (_, i) => ({
        user: `u${i % 50}`,
        date: `20${10 + (i % 10)}-01-01`,
        body: `text ${i}`,
        stars: 5 - Math.floor(i / 600),
      })),
    );
    expect(text).toMatch(/^# Guessed from all 3,000 rows of /);
    expect(task.labels).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("words for nothing are missing, are counted, and make no label", async () => {
    const words = ["NaN", "None", "N/A", "null", ""];
    const { task, text, notes, examples } = await through(
      many((i) => ({ user: `u${i % 5}`, tag: i < 5 ? words[i] : ["x", "y", "z"][i % 3], remark: `long remark ${i}` })),
    );
    expect(task.labels).toEqual(["x", "y", "z"]);
    expect(text).toMatch(/# - tag: .*missing where it says 1 × NaN, 1 × None, 1 × N\/A, 1 × null: the answer/);
    expect(notes).toEqual([expect.stringMatching(/^5 rows have no tag, the answer/)]);
    expect(examples.every(({ profile }) => profile.every(({ fields }) => /^[xyz]$/.test(fields.tag ?? "")))).toBe(true);
    const own = parseTask(text.replace("  - x\n", "  - None\n  - x\n"), "x.yaml");
    const [first] = await queriesFromRows(
      own,
      [1, 2, 3].map((i) => ({ user: "u", date: `202${i}`, tag: "None", remark: `r${i}` })),
    );
    expect(first?.make().gold).toBe("None");
  });

  it("a list of items in each row is its history (LongLaMP, PRISM)", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      ...{ reviewerId: `p${i}`, input: `Write about the thing number ${i}`, output: `A long answer about thing ${i}` },
      profile: Array.from({ length: 1 + (i % 4) }, (_, k) => ({
        id: `${i}-${k}`,
        text: `older text ${k} of ${i}`,
        title: `title ${k}`,
      })),
    }));
    for (const ending of ["jsonl", "csv"]) {
      const { task, examples } = await through(rows, ending);
      expect(task.record).toMatchObject({ user: "reviewerId", gold: "output", profile: "profile" });
      expect(examples).toHaveLength(20);
      expect(examples[3]?.profile.map(({ id, fields }) => [id, fields.title])).toEqual(
        [0, 1, 2, 3].map((k) => [`3-${k}`, `title ${k}`]),
      );
    }
  });
});
