import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shell } from "../../testing/shell.ts";

const { cwd, tagpr } = shell();
const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(cwd, name), content);
const day = (i: number): string => `2021-03-${String(1 + Math.floor(i / 6)).padStart(2, "0")}`;
const rows = Array.from({ length: 48 }, (_, i) => ({
  ...{
    user: `u${i % 6}`,
    day: day(i),
    text: `some longer text about thing ${i}`,
    label: ["fine", "poor"][i % 2] ?? "",
  },
}));
const lines = (list: readonly unknown[]): string => list.map((row) => JSON.stringify(row)).join("\n");
const csv = (list: readonly object[], delimiter = ","): string =>
  [Object.keys(list[0] ?? {}), ...list.map((row) => Object.values(row))].map((row) => row.join(delimiter)).join("\n");
const built = (dir: string): { user_id: string; date?: string; profile: Record<string, string>[] }[] =>
  JSON.parse(readFileSync(join(cwd, dir, "train_questions.json"), "utf8"));

describe("what can't be read as meant is refused, with a sentence, and nothing is written", () => {
  const cells = rows.map((row) => Object.values(row));
  it.each<[string, string, RegExp]>([
    ["dup.jsonl", lines(rows).replaceAll('"label"', '"text"'), /line 1: "text" stands twice in one object/],
    ["dup.json", JSON.stringify(rows).replaceAll('"label"', '"text"'), /"text" stands twice in one object/],
    ["dup-split.json", JSON.stringify({ columns: ["a", "b", "a", "c"], data: cells }), /two columns are called "a"/],
    ["dup-list.json", JSON.stringify([["a", "b", "a", "c"], ...cells]), /two columns are called "a"/],
    ["values.json", JSON.stringify(cells), /no header: in its first list, .*stands in rows below.*\n.*--columns/],
    ["lists.jsonl", lines(cells), /48 × a list, no object: .*row 1/],
    ["table.json", csv(rows), /is no JSON: it begins with "user,day.*\n.*call it \.csv/],
    [
      "above.csv",
      `Export of March,,,\n,,,\n${csv(rows)}`,
      /first line, "Export of March", names 1 of 4 columns.*\n.*above/,
    ],
    ["comment.csv", `# made by hand\n${csv(rows)}`, /its first line is "# made by hand"\n/],
    ["single.csv", csv(rows).replace(/[^,\n]+/g, "'$&'"), /in single quotes/],
    [
      "scales.csv",
      csv(rows.map((row, i) => ({ ...row, label: i % 2 ? `${1 + (i % 9)}/10` : `${1 + (i % 5)}/5` }))),
      /label has grades of different scales: of 5, of 10/,
    ],
    ["items.jsonl", lines([1, 2, 3].map((i) => ({ user: `u${i}`, reviews: rows }))), /leaves nothing to ask/],
  ])("%s", async (name, content, said) => {
    put(name, content);
    expect(await tagpr("data", "init", name, "--out", `${name}.yaml`)).toMatchObject({
      code: 3,
      err: expect.stringMatching(said),
    });
    expect(existsSync(join(cwd, `${name}.yaml`))).toBe(false);
  });
});

describe("what is read", () => {
  const build = async (name: string, ...flags: string[]) => {
    const init = await tagpr("data", "init", name, "--out", `${name}.yaml`, ...flags);
    expect(init).toMatchObject({ code: 0 });
    const made = await tagpr("data", "build", `${name}.yaml`, name, "--out", `${name}.d`, ...flags);
    return { ...made, init: init.err, yaml: init.out };
  };

  it("lists of lists by --columns, lists by user, Excel's sep=, JSON called .csv", async () => {
    put("v.json", JSON.stringify(rows.map((row) => Object.values(row))));
    expect(await build("v.json", "--columns", "user,day,text,label")).toMatchObject({ code: 0 });
    const own = (user: string) => rows.filter((row) => row.user === user).map(({ user: _, ...row }) => row);
    put("by.json", JSON.stringify(Object.fromEntries(["u0", "u1", "u2", "u3", "u4", "u5"].map((u) => [u, own(u)]))));
    expect((await build("by.json")).init).toMatch(/6 lists by their key, which is the column key/);
    put("sep.csv", `sep=;\r\n${csv(rows, ";")}`);
    expect(await build("sep.csv")).toMatchObject({ code: 0 });
    put("j.csv", lines(rows));
    expect((await build("j.csv")).init).toMatch(/it is JSON, whatever its name says/);
    for (const dir of ["v.json.d", "by.json.d", "sep.csv.d", "j.csv.d"])
      expect(new Set(built(dir).map(({ user_id }) => user_id)).size).toBe(4);
  });

  it("a date that a few rows lack is the date all the same, and these rows are named", async () => {
    put("d.jsonl", lines(rows.map((row, i) => ({ ...row, day: i % 7 === 0 ? "0000-00-00" : row.day })).toReversed()));
    expect(await build("d.jsonl")).toMatchObject({
      code: 3,
      err: expect.stringMatching(/7 × the date in day can't be read/),
    });
    const skipped = await tagpr("data", "build", "d.jsonl.yaml", "d.jsonl", "--out", "skipped", "--skip-bad");
    expect(skipped.err).toMatch(/WARNING: 7 bad rows left out of 48, a large share/);
    for (const { date = "", profile } of built("skipped"))
      for (const item of profile) expect((item.date ?? "") < date).toBe(true);
  });

  it.each([["3 days ago"], ["۱۴۰۰/۰۱/۰۵"], ["令和3年2月7日"]])("a time that nobody reads is told: %s", async (when) => {
    put("t.jsonl", lines(rows.map((row, i) => ({ ...row, day: when.replace(/\p{N}(?=\D*$)/u, String(i % 10)) }))));
    const { init } = await build("t.jsonl", ...(existsSync(join(cwd, "t.jsonl.yaml")) ? ["--force"] : []));
    expect(init).toMatch(/WARNING: day looks like a time and is NOT used/);
  });

  it("items of a history are put in order by their own date; a field that most lack is none of theirs", async () => {
    const item = (i: number) => ({
      text: `item ${i}`,
      when: `2020-0${1 + (i % 5)}-01`,
      ...(i === 3 ? { odd: "x" } : {}),
    });
    put(
      "h.jsonl",
      lines(rows.map(({ label, text }, i) => ({ person: `p${i}`, profile: [3, 1, 2].map(item), text, label }))),
    );
    expect((await build("h.jsonl")).yaml).toMatch(/itemDate: when\n/);
    expect(built("h.jsonl.d")[0]?.profile.map(({ text }) => text)).toEqual(["item 1", "item 2", "item 3"]);
    expect(built("h.jsonl.d")[0]?.profile[2]).not.toHaveProperty("odd");
  });

  it("a list of texts is the history of a user with one row", async () => {
    put("p.jsonl", lines(rows.map(({ text, label }, i) => ({ user: `p${i}`, posts: ["one", "two"], text, label }))));
    expect(await build("p.jsonl")).toMatchObject({ code: 0 });
    expect(built("p.jsonl.d")[0]?.profile).toMatchObject([{ text: "one" }, { text: "two" }]);
  });

  it("quotes of a file with tabs are text where by quotes its lines would be bad", async () => {
    put(
      "q.tsv",
      csv(
        rows.map((row, i) => ({ ...row, text: i % 3 ? `a 5" disk ${i}` : `"so said ${i}` })),
        "\t",
      ),
    );
    expect(await build("q.tsv")).toMatchObject({ code: 0, init: expect.stringMatching(/quotes are text here/) });
    expect(readFileSync(join(cwd, "q.tsv.d", "train_questions.json"), "utf8")).toContain('\\"so said 3');
  });

  it("a user is one with and without white space; what is nobody, or nearly a grade, is told", async () => {
    put(
      "w.jsonl",
      lines(
        rows.map((row, i) => ({
          ...row,
          user: i % 5 ? `${row.user}${i % 2 ? " " : ""}` : "[deleted]",
          label: i % 8 ? 1 + (i % 5) : "-",
        })),
      ),
    );
    const { init } = await build("w.jsonl");
    expect(init).toMatch(/user is "\[deleted\]" in 10 rows/);
    expect(init).toMatch(/label is a grade in 42 of 48 rows, and "-" is none/);
    expect(built("w.jsonl.d").every(({ user_id }) => user_id === user_id.trim())).toBe(true);
  });
});

it("grades of another scale than the task's are refused in build", async () => {
  put("g.csv", csv(rows.map((row, i) => ({ ...row, label: 1 + (i % 10) }))));
  await tagpr("data", "init", "g.csv", "--out", "g.yaml");
  put("g5.csv", csv(rows.map((row, i) => ({ ...row, label: `${1 + (i % 5)}/5` }))));
  expect(await tagpr("data", "build", "g.yaml", "g5.csv", "--out", "g")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/label has grades of different scales: of 5, of 10/),
  });
});

it("what a command has not made it doesn't write over", async () => {
  const world = ["data", "world", "--shape", "tag", "--users", "2", "--dev", "1", "--out", "W"];
  expect(await tagpr(...world)).toMatchObject({ code: 0 });
  expect(await tagpr(...world, "--seed", "3")).toMatchObject({ code: 0 });
  const file = join(cwd, "W", "tag", "dev_questions.json");
  writeFileSync(file, "mine");
  expect(await tagpr(...world)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/was changed since it was built/),
  });
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect(await tagpr(...world, "--force")).toMatchObject({ code: 0 });
  const rank = ["data", "rank", "--task", "synthetic_tag", "--questions", file, "--out", "r.json"];
  put("r.json", "mine");
  expect(await tagpr(...rank)).toMatchObject({ code: 2, err: expect.stringMatching(/r\.json is there already/) });
  expect(await tagpr(...rank, "--force")).toMatchObject({ code: 0 });
  mkdirSync(join(cwd, "D", "dianping_title"), { recursive: true });
  put("D/dianping_title/test_questions.json", "mine");
  put("posts.jsonl", lines(rows));
  expect(await tagpr("data", "dianping", "posts.jsonl", "--out", "D")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/was not built here/),
  });
});
