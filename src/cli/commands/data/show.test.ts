import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../../core/config/schema.ts";
import { packageRoot } from "../../../core/installation.ts";
import { writeJson, writeJsonl } from "../../../core/jsonl.ts";
import { readRows } from "../../../data/rows.ts";
import { loadTask, tasksDir } from "../../../data/task-file.ts";
import { shell } from "../../testing/shell.ts";

const { cwd, tagpr } = shell();
const profile = Array.from({ length: 12 }, (_, i) => ({
  ...{ id: `p${i}`, title: `Title ${i}`, date: `2018-01-${String(i + 1).padStart(2, "0")}` },
  text: i === 11 ? Array.from({ length: 400 }, (_, w) => `word${w}`).join(" ") : `short text ${i}`,
}));
const questions = ["a", "b"].map((id) => ({
  id,
  user_id: 7,
  input: `Generate a headline for the following article: ${id}`,
  profile,
}));
mkdirSync(join(cwd, "d"));
writeFileSync(join(cwd, "d", "dev_questions.json"), JSON.stringify(questions));
const golds = questions.map(({ id }) => ({ id, output: `Gold of ${id}` }));
writeFileSync(join(cwd, "d", "dev_outputs.json"), JSON.stringify({ task: "LaMP_4", golds }));
const show = (...flags: string[]) => tagpr("data", "show", "d", ...flags);

it("prints query, answer and the shown items, oldest first", async () => {
  const { out } = await show("--id", "b");
  expect(out).toMatch(/^LaMP_4, dev · query b · user 7\nasked {2}Generate a headline.*: b\nanswer Gold of b\n/);
  expect(out).toMatch(
    /items {2}12, 8 shown, oldest first:\n {2}2018-01-05 \[1\] article: short text 4 \| headline: Title 4\n/,
  );
  expect((await show("--n", "2")).out.match(/query/g)).toHaveLength(2);
});

it("--form prints LaMP's own prompt or the chat, and what was cut", async () => {
  const official = (await show("--form", "official", "--max-tokens", "256")).out;
  expect(official).toMatch(/official prompt, \d+ of 256 tokens; cut: text of item p11 cut from \d+ to \d+ tokens/);
  expect(official).toMatch(
    /\n"Title 11" is the title for "word0 .*, and "Title 10" is the title for "short text 10" .*\. Generate a headline/,
  );
  const chat = (await show("--form", "chat", "--max-tokens", "600")).out;
  expect(chat).toMatch(/chat prompt, \d+ of 600 tokens; cut: text of item p11 cut from/);
  expect(chat).toMatch(/History of this user, oldest first:\n\[1\] article: short text 4/);
});

it("a prompt says which control tokens the record's own texts hold: they stay text", async () => {
  expect((await show("--form", "chat")).out).not.toMatch(/stays text/);
  const own = { ...questions[0], input: "Generate a headline for the following article: x <|im_end|> y" };
  mkdirSync(join(cwd, "control"));
  writeFileSync(join(cwd, "control", "dev_questions.json"), JSON.stringify([own]));
  writeFileSync(join(cwd, "control", "dev_outputs.json"), JSON.stringify({ task: "LaMP_4", golds }));
  const { out } = await tagpr("data", "show", "control", "--form", "chat");
  expect(out).toMatch(/chat prompt, .*; the record's own <\|im_end\|> stays text and is no turn\n/);
});

it("--tokens marks what is trained on: the completion and its end of turn, not the prompt", async () => {
  const { out } = await show("--tokens");
  expect(out).toMatch(/no chain: the bare answer.*: \d+ prompt tokens not trained on, \d+ trained on/);
  expect(out).toMatch(/⟦Gold of a⏎⟧\n/);
});

describe("a run", () => {
  const shown = { user: "u1", input: "Which genre?", gold: "gold answer", shown: [], historyItems: 0 };
  const asked = ["q", "r"].map((id) => ({ ...shown, task: "LaMP_4", id }));
  const chain = {
    ...{ task: "LaMP_4", query: "q", i: 3, answer: "taught", split: "train" },
    completion: "<think><analyze_input>tagged step</analyze_input></think>taught",
    untagged: "<think>tagged step</think>taught",
  };
  function run(sft: object): string {
    const dir = mkdtempSync(join(cwd, "run-"));
    const config = configSchema.parse({ model: join(packageRoot(), "models", "nano"), sft });
    writeJson(join(dir, "run.json"), { config });
    writeJson(join(dir, "data", "tasks.json"), [loadTask("LaMP_4")]);
    writeJsonl(join(dir, "data", "chains.jsonl"), asked);
    writeJsonl(join(dir, "data", "rl.jsonl"), [{ ...asked[0], id: "other" }]);
    writeJson(join(dir, "chains", "tags.json"), { tags: ["analyze_input"] });
    writeJsonl(join(dir, "chains", "chains.jsonl"), [chain]);
    return dir;
  }
  const tokens = async (sft: object, ...flags: string[]) =>
    (await tagpr("data", "show", run(sft), "--split", "chains", "--tokens", ...flags)).out;

  it("--tokens marks what its form of SFT trains on: chains with or without tags, or the true answer", async () => {
    const tagged = await tokens({});
    expect(tagged).toMatch(/chain 3: \d+ prompt tokens/);
    expect(tagged).toMatch(/⟦[^⟧]*<analyze_input>tagged step<\/analyze_input>[^⟧]*taught⏎⟧/);
    const untagged = await tokens({ form: "untagged" });
    expect(untagged).toMatch(/chain 3 without its tags: \d+ prompt tokens/);
    expect(untagged).toMatch(/⟦(<think>)?tagged step<\/think>taught⏎⟧/);
    const gold = await tokens({ form: "gold" });
    expect(gold).toMatch(/the true answer(, held out: [^:]*: .*)?: \d+ prompt tokens/);
    expect(gold).toContain("⟦gold answer⏎⟧");
    expect(gold).not.toContain("analyze_input");
  });

  it("--tokens says why nothing is trained on", async () => {
    expect(await tokens({}, "--id", "r")).toMatch(/learns nothing of this query: no chain of it is kept\n/);
    expect(await tokens({ max_tokens: 8 })).toMatch(/learns nothing of this query: 1 .*sft\.max_tokens \(8\)/);
    const other = await tagpr("data", "show", run({ form: "gold" }), "--split", "rl", "--tokens");
    expect(other.out).toMatch(/learns nothing of this query: it is none of the chains' queries\n/);
  });

  it("without reasoning its chat prompts ask for the answer at once", async () => {
    const chat = async (sft: object) => (await tagpr("data", "show", run(sft), "--form", "chat")).out;
    expect(await chat({})).toContain("analyze_input");
    expect(await chat({ form: "gold" })).not.toContain("analyze_input");
  });
});

it.each(["jsonl", "csv", "parquet"])("export: a split as a %s table, prompts and cuts beside it", async (ending) => {
  const file = `x.${ending}`;
  const done = await tagpr("data", "export", "d", "--split", "dev", "--form", "official", "--out", file);
  expect(done).toMatchObject({ code: 0, out: `${file}: 2 rows\n` });
  const rows = [];
  for await (const row of readRows(join(cwd, file))) rows.push(row);
  expect(rows).toHaveLength(2);
  expect(rows[1]).toMatchObject({ id: "b", gold: "Gold of b", prompt: expect.stringMatching(/is the title for/) });
  expect(JSON.stringify(rows[1]?.cut)).toMatch(/p11/);
});

it("an unknown query, an unknown split, a task without an official prompt", async () => {
  expect(await show("--id", "z")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/d: dev has no query z\n.*dev/),
  });
  expect(await show("--n", "0")).toMatchObject({ code: 2, err: expect.stringMatching(/above 0/) });
  expect(await show("--split", "train")).toMatchObject({ code: 3, err: expect.stringMatching(/no split train/) });
  const own = readFileSync(join(tasksDir(), "lamp_4.yaml"), "utf8").replace("official: LaMP_4\n", "");
  writeFileSync(join(cwd, "own.yaml"), own);
  expect(await show("--form", "official", "--task", "own.yaml")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/task LaMP_4 has no official prompt/),
  });
});
