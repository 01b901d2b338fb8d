import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { shell } from "../testing/shell.ts";

const { cwd, tagpr } = shell();
writeFileSync(join(cwd, "FILE"), "mine");
mkdirSync(join(cwd, "DIR"));
writeFileSync(join(cwd, "my.yaml"), "name: mine\n");
writeFileSync(join(cwd, "t.csv"), `user,text,tag\n${"ann,some text,x\nbob,other text,y\n".repeat(9)}`);
mkdirSync(join(cwd, "run", "sft"), { recursive: true });
writeFileSync(join(cwd, "run", "sft", "metrics.jsonl"), '{"kind":"train","step":1,"loss":2}\n');
writeFileSync(join(cwd, "run", "sft", "timings.jsonl"), "");
mkdirSync(join(cwd, "lamp"));
const question = { id: "1", input: "article: of it", profile: [{ id: "1", text: "t", title: "T" }] };
for (const split of ["train", "dev"]) {
  writeFileSync(join(cwd, "lamp", `${split}_questions.json`), JSON.stringify([question]));
  const outputs = { task: "LaMP_4", golds: [{ id: "1", output: "x" }] };
  writeFileSync(join(cwd, "lamp", `${split}_outputs.json`), JSON.stringify(outputs));
}

const FILE = /FILE is a file, not a folder\n {2}Choose another place/;
const DIR = /DIR is a folder, not a file\n {2}Choose another place/;

it.each([
  ["run my.yaml --out FILE", FILE],
  ["tensorboard run --out FILE", FILE],
  ["data export lamp --split dev --out FILE/x.csv", FILE],
  ["data build LaMP_4 news.jsonl --out FILE", FILE],
  ["data init t.csv --out DIR --force", DIR],
  ["data rank --task LaMP_4 --questions lamp/dev_questions.json --out DIR", DIR],
])("`%s` is a usage error that names what is in the way", async (line, says) => {
  const news = Array.from({ length: 20 }, (_, i) =>
    JSON.stringify({ id: `${i}`, user_id: `u${i % 5}`, date: `2020-01-${10 + i}`, text: "t", title: `T${i}` }),
  );
  writeFileSync(join(cwd, "news.jsonl"), `${news.join("\n")}\n`);
  expect(await tagpr(...line.split(" "))).toMatchObject({ code: 2, err: expect.stringMatching(says) });
  expect(readFileSync(join(cwd, "FILE"), "utf8")).toBe("mine");
});

it.each([
  ["config check DIR", 2, /DIR is a folder, not a file/],
  ["rewards explain DIR", 3, /DIR is a folder, not a file/],
  ["data check nowhere", 3, /nowhere is not there/],
  ["data init nowhere.csv", 3, /no file .*nowhere\.csv/],
  ["data check FILE", 3, /FILE is a file, not a folder/],
])("`%s` says in a sentence why it can't be read", async (line, code, says) => {
  const failed = await tagpr(...line.split(" "));
  expect(failed).toMatchObject({ code, err: expect.stringMatching(says) });
  expect(failed.err).not.toMatch(/ENOENT|EISDIR|ENOTDIR/);
});
