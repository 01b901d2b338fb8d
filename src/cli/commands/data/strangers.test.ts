import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeRows } from "../../../data/table/write.ts";
import { shell } from "../../testing/shell.ts";

const { cwd, tagpr } = shell();
const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(cwd, name), content);
const rows = Array.from({ length: 32 }, (_, i) => ({
  ...{ member: `m${i % 8}`, sent: `2022-05-${String(1 + Math.floor(i / 8)).padStart(2, "0")}` },
  ...{ note: `a note of some length about thing ${i}`, tone: ["warm", "cold"][i % 2] },
}));

describe("a table of another land", () => {
  it("encoding and delimiter are found and told; flags overrule; what init wrote, build and check take", async () => {
    const cells = rows.map((row) =>
      Object.values({ ...row, note: `${row.note}: una atención pésima, señor Peña, mañana volveré` }).join(";"),
    );
    const latin = Buffer.from(["member;sent;note;tone", ...cells].join("\r\n"), "latin1");
    put("es.csv", latin);
    const init = await tagpr("data", "init", "es.csv", "--out", "es.yaml");
    expect(init).toMatchObject({
      code: 0,
      err: expect.stringMatching(/Note: its bytes are read as windows-1252.*\n.*parted by ;/),
    });
    expect(await tagpr("data", "build", "es.yaml", "es.csv", "--out", "es")).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, "es", "train_questions.json"), "utf8")).toContain("señor Peña");
    expect((await tagpr("data", "check", "es")).out).toMatch(/no fault found/);
    const flags = ["--encoding", "windows-1251", "--delimiter", ";"];
    const named = await tagpr("data", "init", "es.csv", "--out", "ru.yaml", ...flags);
    expect(named.err).toMatch(
      /^Wrote .* tagpr data build ru\.yaml es\.csv --encoding windows-1251 --delimiter ';' --out DIR/,
    );
  });

  it("without a header: the flag is named, and carried on", async () => {
    put("bare.csv", rows.map((row, i) => [i % 8, row.sent, row.note, 1 + (i % 5)].join(",")).join("\n"));
    expect(await tagpr("data", "init", "bare.csv")).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no header.*\n.*--columns/),
    });
    const columns = ["--columns", "user,day,text,score"];
    const init = await tagpr("data", "init", "bare.csv", "--out", "bare.yaml", ...columns);
    expect(init).toMatchObject({ code: 0, err: expect.stringContaining("--columns 'user,day,text,score'") });
    expect((await tagpr("data", "build", "bare.yaml", "bare.csv", "--out", "bare", ...columns)).out).toMatch(
      /^train: 12 queries/,
    );
  });

  it("bad lines: a line a kind with three places; --skip-bad counts them and takes the rest", async () => {
    const lines = ["member,sent,note,tone", ...rows.map((row) => Object.values(row).join(","))];
    put("bad.csv", [...lines, "x", "x,y", "x,y,z", "x,y,z,u,v", "x,y,z,u,v", "x,y,z,u,v", "x,y,z,u,v"].join("\n"));
    const failed = await tagpr("data", "init", "bad.csv", "--out", "bad.yaml");
    expect(failed).toMatchObject({
      code: 3,
      err: expect.stringMatching(/4 × 5 cells where the header has 4: .*line 37, .*line 38, .*line 39, …\n/),
    });
    expect(failed.err.split("\n").filter((line) => line.includes("×"))).toHaveLength(4);
    expect(existsSync(join(cwd, "bad.yaml"))).toBe(false);
    expect(await tagpr("data", "init", "bad.csv", "--out", "bad.yaml", "--skip-bad")).toMatchObject({ code: 0 });
    const built = await tagpr("data", "build", "bad.yaml", "bad.csv", "--out", "bad", "--skip-bad");
    expect(built).toMatchObject({ code: 0, err: expect.stringMatching(/7 bad rows left out/) });
  });

  it("grades as pandas writes them are grades, in LaMP's own tasks too", async () => {
    const graded = rows.map(({ member, sent, note }, i) => ({
      id: i,
      user_id: member,
      date: sent,
      text: note,
      score: `${1 + (i % 5)}.0`,
    }));
    await writeRows(join(cwd, "graded.csv"), graded);
    expect((await tagpr("data", "build", "LaMP_3", "graded.csv", "--out", "graded")).code).toBe(0);
    const { golds } = JSON.parse(readFileSync(join(cwd, "graded", "train_outputs.json"), "utf8"));
    expect(new Set(golds.map(({ output }: { output: string }) => output))).toEqual(new Set(["1", "2", "3", "4", "5"]));
    expect((await tagpr("data", "check", "graded")).out).toMatch(/no fault found/);
  });

  it("a day or a month: asked by init and by build, told once", async () => {
    await writeRows(
      join(cwd, "day.csv"),
      rows.map((row, i) => ({ ...row, sent: `0${1 + (i % 4)}/0${1 + (i % 9)}/2022` })),
    );
    expect(await tagpr("data", "init", "day.csv", "--out", "day.yaml")).toMatchObject({
      code: 3,
      err: expect.stringMatching(/more than one way.*\n.*--date-format "d\/M\/yyyy"/),
    });
    expect((await tagpr("data", "init", "day.csv", "--out", "day.yaml", "--date-format", "d/M/yyyy")).code).toBe(0);
    expect((await tagpr("data", "build", "day.yaml", "day.csv", "--out", "day")).code).toBe(0);
    const [first] = JSON.parse(readFileSync(join(cwd, "day", "dev_questions.json"), "utf8"));
    expect(first.date).toMatch(/^2022-0[1-9]-0[1-4]$/);
    expect(await tagpr("data", "init", "day.csv", "--out", "x.yaml", "--date-format", "soon")).toMatchObject({
      code: 2,
    });
  });
});

describe("limits", () => {
  it("one busy user: told, the newest record.maxQueries kept, the size said before it is written", async () => {
    const busy = Array.from({ length: 300 }, (_, i) => ({
      member: "bot",
      sent: String(1000 + i),
      note: `automatic note ${i}`,
      tone: ["warm", "cold"][i % 2],
    }));
    await writeRows(join(cwd, "busy.jsonl"), [...busy, ...rows]);
    expect((await tagpr("data", "init", "busy.jsonl", "--out", "busy.yaml")).err).toMatch(
      /"bot" alone has 300 of 332 rows: record\.maxQueries/,
    );
    const built = await tagpr("data", "build", "busy.yaml", "busy.jsonl", "--out", "busy", "--split", "time");
    expect(built.err).toMatch(
      /1 users have more than 200 queries \(record\.maxQueries\): their 98 older ones are left out/,
    );
    expect(built.err).toMatch(/Writing about [\d.]+ MB to busy\n/);
    const said = Number(/about ([\d.]+) MB/.exec(built.err)?.[1]) * 1e6;
    const size = ["train", "dev"].reduce(
      (sum, split) => sum + readFileSync(join(cwd, "busy", `${split}_questions.json`)).length,
      0,
    );
    expect(said / size).toBeGreaterThan(0.9);
    expect(said / size).toBeLessThan(1.1);
    const text = readFileSync(join(cwd, "busy.yaml"), "utf8");
    put("few.yaml", `${text}  maxQueries: 3\n`);
    expect((await tagpr("data", "build", "few.yaml", "busy.jsonl", "--out", "few")).err).toMatch(/more than 3 queries/);
  });

  it("no query at all: the reason is said", async () => {
    await writeRows(
      join(cwd, "still.jsonl"),
      rows.map((row) => ({ ...row, sent: "2022-05-01" })),
    );
    await tagpr("data", "init", "still.jsonl", "--out", "still.yaml");
    const built = await tagpr("data", "build", "still.yaml", "still.jsonl", "--out", "still");
    expect(built).toMatchObject({
      code: 3,
      err: expect.stringMatching(/no query of 8 users: each one's rows all have the same sent \(2022-05-01\)/),
    });
  });
});

describe("what is not ours stays", () => {
  it("build writes over what it built, and nothing else without --force; so does export", async () => {
    await writeRows(join(cwd, "own.jsonl"), rows);
    await tagpr("data", "init", "own.jsonl", "--out", "own.yaml");
    const build = (...more: string[]) => tagpr("data", "build", "own.yaml", "own.jsonl", "--out", "own", ...more);
    mkdirSync(join(cwd, "own"));
    put("own/dev_outputs.json", "mine");
    expect(await build()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/dev_outputs\.json is there already, and was not built here/),
    });
    expect(readFileSync(join(cwd, "own", "dev_outputs.json"), "utf8")).toBe("mine");
    expect((await build("--force")).code).toBe(0);
    expect((await build("--seed", "7")).code).toBe(0);
    put("own/train_questions.json", "[]");
    expect(await build()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/train_questions\.json is there already, and was changed/),
    });
    put("table.csv", "precious");
    const exported = (...more: string[]) =>
      tagpr("data", "export", "own", "--split", "dev", "--out", "table.csv", ...more);
    expect(await exported()).toMatchObject({ code: 2, err: expect.stringMatching(/table\.csv is there already/) });
    expect(readFileSync(join(cwd, "table.csv"), "utf8")).toBe("precious");
    expect((await exported("--force")).code).toBe(0);
  });
});

describe("LaMP as it really is", () => {
  const prompt =
    "Which tag does this movie relate to among the following tags? Just answer with the tag name without further explanation. tags: [comedy, action] description:";
  const item = { id: "p", tag: "comedy", description: "a farce in a hotel" };
  const lamp = (name: string, questions: string, n: number): void => {
    mkdirSync(join(cwd, name));
    put(`${name}/dev_questions.json`, questions);
    const golds = Array.from({ length: n }, (_, i) => ({ id: `q${i}`, output: "comedy" }));
    put(`${name}/dev_outputs.json`, JSON.stringify({ task: "LaMP_2", golds }));
  };
  const question = (i: number, input: unknown, more: object = {}) => ({
    id: `q${i}`,
    input,
    profile: [{ ...item, ...more }],
  });

  it("inputs without prompt, mark or text are named, each with its id", async () => {
    const good = [0, 1, 2, 3, 4].map((i) => question(i, `${prompt} film number ${i}`));
    const bad = [
      question(5, "a film, and no more"),
      question(6, `${prompt}  `),
      question(7, "description: only a film"),
    ];
    lamp("odd", JSON.stringify([...good, ...bad]), 8);
    const { code, out } = await tagpr("data", "check", "odd");
    expect(code).toBe(3);
    expect(out).toMatch(/inputs that are not of the task's form: 3\n/);
    for (const line of [
      /without "description:".*: 1 \(q5\)/,
      /nothing behind "description:": 1 \(q6\)/,
      /without the words of the task's prompt: 1 \(q7\)/,
    ])
      expect(out).toMatch(line);
    lamp("fork", JSON.stringify([0, 1, 2].map((i) => question(i, `Tag this film. description: ${i}`))), 3);
    expect(await tagpr("data", "check", "fork")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/told, but no fault: 1\n.*another wording/),
    });
  });

  it("one bad record, of whatever kind, never ends the check", async () => {
    const good = JSON.stringify(question(0, `${prompt} film`));
    const [nan, broken, last] = [
      `{"id": "q1", "input": "${prompt} x", "profile": [{"id": "p", "tag": NaN, "description": "d"}]}`,
      '{"id": "q2", oops}',
      JSON.stringify(question(4, null)),
    ];
    const latin = Buffer.from(`{"id": "q3", "input": "${prompt} caf\xe9", "profile": []}`, "latin1").toString("latin1");
    mkdirSync(join(cwd, "torn"));
    put("torn/dev_questions.json", Buffer.from(`[${[good, nan, broken, latin, last].join(",\n")}]`, "latin1"));
    put(
      "torn/dev_outputs.json",
      JSON.stringify({ task: "LaMP_2", golds: [0, 1, 2, 3, 4].map((i) => ({ id: `q${i}`, output: "comedy" })) }),
    );
    const { code, out } = await tagpr("data", "check", "torn");
    expect(code).toBe(3);
    expect(out).toMatch(/dev +1 /);
    for (const line of [
      /a profile item has no tag: .*\(id q1\)/,
      /record 3 at byte \d+, line 3 \(not JSON/,
      /record 4 at .*\(not UTF-8 \(byte \d+ of it\)\)/,
      /no input: .*\(id q4\)/,
    ])
      expect(out).toMatch(line);
    put("torn/dev_questions.json", `[${good}, {"id": "q1`);
    expect((await tagpr("data", "check", "torn")).out).toMatch(/cut off at byte \d+ inside record 2/);
  });

  it("histories that the items' own time contradicts are named", async () => {
    const yaml = readFileSync(join(cwd, "own.yaml"), "utf8")
      .replace(/^ {2}date: .*\n/m, "")
      .replace("itemFields:\n", "itemFields:\n  - sent\n");
    put("undated.yaml", yaml);
    await writeRows(join(cwd, "undated.jsonl"), rows.toReversed());
    const built = await tagpr("data", "build", "undated.yaml", "undated.jsonl", "--out", "undated");
    expect(built.err).toMatch(/WARNING: sent is a time in 32 of 32 rows and the task does not use it/);
    expect(await tagpr("data", "check", "undated")).toMatchObject({
      code: 3,
      out: expect.stringMatching(/time: train: histories whose order the items' own sent contradicts .*: \d+ \(/),
    });
  });
});
