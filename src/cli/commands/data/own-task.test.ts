import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeRows } from "../../../data/table/write.ts";
import { shell } from "../../testing/shell.ts";

const { cwd, tagpr } = shell();
const rows = Array.from({ length: 40 }, (_, i) => ({
  id: `r${i}`,
  customer: `c${i % 8}`,
  created: `2021-01-${String(1 + Math.floor(i / 8)).padStart(2, "0")}`,
  body: `A longer text of what went wrong in case ${i}`,
  tag: ["billing", "bug", "praise"][i % 3],
}));

it.each(["csv", "jsonl", "parquet"])("%s: init, build, check, show, without a line of code", async (ending) => {
  const [table, yaml, out] = [`tickets.${ending}`, `${ending}.yaml`, `data-${ending}`];
  await writeRows(join(cwd, table), rows);
  const init = await tagpr("data", "init", table, "--out", yaml);
  expect(init).toMatchObject({ code: 0, out: expect.stringMatching(/kind: classification/) });
  expect(init.err).toContain(`tagpr data build ${yaml} ${table}`);
  const build = await tagpr("data", "build", yaml, table, "--out", out);
  expect(build).toMatchObject({ code: 0, out: "train: 18 queries of 6 users\ndev: 6 queries of 2 users\n" });
  const check = await tagpr("data", "check", out);
  expect(check).toMatchObject({ code: 0, out: expect.stringMatching(/: tickets\n.*no fault found/s) });
});

it("--split time keeps each user's newest query for dev", async () => {
  await writeRows(join(cwd, "t.csv"), rows);
  await tagpr("data", "init", "t.csv", "--out", "t.yaml");
  const built = await tagpr("data", "build", "t.yaml", "t.csv", "--out", "by-time", "--split", "time");
  expect(built.out).toBe("train: 16 queries of 8 users\ndev: 8 queries of 8 users\n");
  const dev = JSON.parse(readFileSync(join(cwd, "by-time", "dev_questions.json"), "utf8"));
  expect(dev.map(({ date }: { date: string }) => date)).toEqual(Array(8).fill("2021-01-05"));
  expect((await tagpr("data", "check", "by-time")).code).toBe(0);
});

it("long histories are cut at record.maxHistory, which is told", async () => {
  await writeRows(join(cwd, "l.csv"), rows);
  await tagpr("data", "init", "l.csv", "--out", "l.yaml");
  const text = readFileSync(join(cwd, "l.yaml"), "utf8");
  writeFileSync(join(cwd, "l.yaml"), text.replace("minHistory: 2", "minHistory: 2\n  maxHistory: 3"));
  const built = await tagpr("data", "build", "l.yaml", "l.csv", "--out", "long", "--split", "time");
  expect(built.err).toMatch(/^8 histories hold the newest 3 of their items \(record\.maxHistory\)\n/m);
  const dev = JSON.parse(readFileSync(join(cwd, "long", "dev_questions.json"), "utf8"));
  expect(dev[0].profile.map(({ date }: { date: string }) => date)).toEqual(["2021-01-02", "2021-01-03", "2021-01-04"]);
});

it("LaMP's own tasks are files of the same form: a news table becomes LaMP-4", async () => {
  const news = rows.map(({ id, customer, created, body }) => ({
    ...{ id, user_id: customer, date: created, text: body, title: `Headline of ${id}` },
  }));
  await writeRows(join(cwd, "news.jsonl"), news);
  expect((await tagpr("data", "build", "LaMP_4", "news.jsonl", "--out", "news")).code).toBe(0);
  const [first] = JSON.parse(readFileSync(join(cwd, "news", "train_questions.json"), "utf8"));
  expect(first.input).toMatch(/^Generate a headline for the following article: A longer text/);
  expect((await tagpr("data", "check", "news")).out).toMatch(/^news: LaMP_4\n/);
});

it("bad rows are all named and nothing is written; --skip-bad leaves them out", async () => {
  await writeRows(join(cwd, "b.csv"), rows);
  await tagpr("data", "init", "b.csv", "--out", "b.yaml");
  const bad = rows.map((row, i) =>
    i === 3 ? { ...row, created: "yesterday" } : i === 5 ? { ...row, customer: "" } : row,
  );
  await writeRows(join(cwd, "b.csv"), [...bad, { ...rows[0], id: "r1" }, { ...rows[0], id: "z", tag: "odd" }]);
  const failed = await tagpr("data", "build", "b.yaml", "b.csv", "--out", "b");
  expect(failed.code).toBe(3);
  for (const message of [
    /1 × the date in created can't be read: row 4 \("yesterday"\)/,
    /1 × no customer \(the user\): row 6/,
    /1 × an id that stands twice: row 41 \(r1\)/,
    /1 × the tag is none of the labels: row 42 \("odd"\)/,
  ])
    expect(failed.err).toMatch(message);
  expect(failed.err).toMatch(/4 bad rows \(told above\); nothing was written\n.*--skip-bad/);
  expect(existsSync(join(cwd, "b"))).toBe(false);
  const skipped = await tagpr("data", "build", "b.yaml", "b.csv", "--out", "b", "--skip-bad");
  expect(skipped).toMatchObject({ code: 0, err: expect.stringMatching(/4 bad rows left out/) });
});

it("a prompt column that no row has, a file that stands, too little, a wrong share", async () => {
  await writeRows(join(cwd, "s.csv"), rows);
  await tagpr("data", "init", "s.csv", "--out", "s.yaml");
  const text = readFileSync(join(cwd, "s.yaml"), "utf8");
  writeFileSync(join(cwd, "typo.yaml"), text.replace(/\{body\}(?!.*\{body\})/s, "{bodi}"));
  expect(await tagpr("data", "build", "typo.yaml", "s.csv", "--out", "s")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/no row has the column bodi that the prompt shows: did you mean body\?/),
  });
  expect((await tagpr("data", "init", "s.csv", "--out", "s.yaml")).err).toMatch(/s\.yaml is there already/);
  await writeRows(join(cwd, "few.csv"), rows.slice(0, 9));
  expect((await tagpr("data", "build", "s.yaml", "few.csv", "--out", "s")).err).toMatch(/0 queries can't be cut/);
  expect((await tagpr("data", "build", "s.yaml", "s.csv", "--out", "s", "--dev", "2")).code).toBe(2);
});
