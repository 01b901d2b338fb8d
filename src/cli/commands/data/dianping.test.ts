import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeRows } from "../../../data/table/write.ts";
import { startFakeEndpoint } from "../../../llm/testing/fake-endpoint.ts";
import { shell } from "../../testing/shell.ts";

const { cwd, tagpr } = shell();
const content = (i: number): string =>
  Array.from({ length: 24 }, (_, k) => String.fromCodePoint(0x4e00 + 30 * i + k)).join("");
const posts = Array.from({ length: 30 }, (_, i) => ({
  ...{
    user: `u${i % 3}`,
    title: `标题${i}`,
    content: content(i),
    date: `2020-01-${String(1 + Math.floor(i / 3)).padStart(2, "0")}`,
  },
}));
const extra = [
  { ...posts[0], content: "好" },
  { ...posts[0], content: `${content(90)}加我微信` },
];

it.each(["jsonl", "csv", "parquet"])("%s in, the tasks' folders out, rules shown and counted", async (ending) => {
  await writeRows(join(cwd, `p.${ending}`), [...posts, ...extra]);
  const out = `d-${ending}`;
  const built = await tagpr("data", "dianping", `p.${ending}`, "--out", out, "--removed", `gone-${ending}.jsonl`);
  expect(built).toMatchObject({ code: 0, err: expect.stringMatching(/Paraph needs a model.*left out/) });
  expect(built.out).toMatch(/short content \(fewer than 20 characters\) +1\n/);
  expect(built.out).toMatch(/advertisement \(a link, a phone number, .*\) +1\n/);
  expect(built.out).toMatch(/posts read +32\n.*kept +30\nusers: 3 with nine/s);
  expect(built.out).toMatch(/dianping_title: 3 queries, test\n/);
  expect(readFileSync(join(cwd, `gone-${ending}.jsonl`), "utf8")).toMatch(/"reason":"short content"/);
  expect(JSON.parse(readFileSync(join(cwd, out, "dianping_title", "test_cleaning.json"), "utf8"))).toMatchObject({
    ...{ posts: 32, hold_out: "ninth", users: 3, rules: { minContent: 20 } },
  });
  const check = await tagpr("data", "check", join(out, "dianping_content"));
  // Appendix E asks for a post that is older than its profile: told, no fault.
  expect(check).toMatchObject({
    code: 0,
    out: expect.stringMatching(/no fault: 1\n {2}time: .*later than the query: 3/),
  });
});

it("is done again over its own files, and over nobody else's without --force", async () => {
  await writeRows(join(cwd, "o.jsonl"), posts);
  const make = (...more: string[]) => tagpr("data", "dianping", "o.jsonl", "--out", "o", ...more);
  for (const split of ["test", "dev", "test"]) expect((await make("--as", split)).code).toBe(0);
  const file = join(cwd, "o", "dianping_title", "test_outputs.json");
  const mine = "my own notes";
  writeFileSync(file, mine);
  const refused = await make();
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringMatching(/test_outputs.json is there already.*\n.*--force/),
  });
  expect(readFileSync(file, "utf8")).toBe(mine);
  expect((await make("--as", "dev")).code).toBe(0);
  const gone = join(cwd, "mine.jsonl");
  writeFileSync(gone, mine);
  const named = ["--as", "dev", "--removed", "mine.jsonl"];
  expect(await make(...named)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/mine.jsonl is there already\n {2}Give another --removed, or --force/),
  });
  expect(readFileSync(gone, "utf8")).toBe(mine);
  expect((await make(...named, "--force")).code).toBe(0);
  expect(readFileSync(gone, "utf8")).not.toBe(mine);
  expect((await make("--force")).code).toBe(0);
  expect(readFileSync(file, "utf8")).not.toBe(mine);
});

it("what may be a key is refused before anything is written, and not repeated", async () => {
  await writeRows(join(cwd, "k.jsonl"), posts);
  for (const [flags, says] of [
    [["--url", "http://me:hidden@api.test/v1"], "--url holds a user name or a password"],
    [["--url", "http://api.test/v1?key=hidden"], "--url holds what looks like a key in its query"],
    [["--key-env", "sk-hidden123456789abcd"], "--key-env holds no name of an environment variable"],
    [["--url", "localhost"], "--url localhost is not a URL"],
  ] as const) {
    const { code, err } = await tagpr("data", "dianping", "k.jsonl", "--out", "k", ...flags);
    expect(code).toBe(2);
    expect(err).toContain(says);
    expect(err).not.toContain("hidden");
  }
  expect(existsSync(join(cwd, "k"))).toBe(false);
});

it.each([
  ["streamonly", /answered 400: thinking needs a streamed call\n.*look at --model, --temperature, and --max-tokens/],
  ["quota", /asks to wait 3600 s: .*today's tokens are used up.*\n.*lower --concurrency, or raise --max-wait/],
  ["nomodel", /answered 404: The model does not exist\n.*Check --url/],
  ["onlyreasoning", /no neutral rewriting of any of 3 posts; the first: cut off at --max-tokens/],
  ["refusal", /no neutral rewriting of any of 3 posts; the first: no\n/],
  ["temp", /temperature is left out, so the model's own holds\n(.*\n)*Paraph: rewritten by temp/],
  ["list", /Paraph: rewritten by list at .*, 3 requests, 0 from the cache, 30 tokens, 30\.00 dollars/],
])("Paraph at an endpoint of the manner %s", async (model, says) => {
  const server = await startFakeEndpoint();
  try {
    await writeRows(join(cwd, "m.jsonl"), posts);
    const price = ["--price-in", "1000000", "--price-out", "1000000", "--temperature", "0.5"];
    const line = [
      "data",
      "dianping",
      "m.jsonl",
      "--out",
      `m-${model}`,
      "--url",
      server.url,
      "--model",
      model,
      ...price,
    ];
    expect((await tagpr(...line)).err).toMatch(says);
    expect(server.served.requests[0]).toMatchObject({ temperature: 0.5, max_tokens: 2048 });
  } finally {
    await server.close();
  }
});

it("a second call for another split leaves the first one's record alone", async () => {
  await writeRows(join(cwd, "two.jsonl"), posts);
  const first = await tagpr("data", "dianping", "two.jsonl", "--out", "two", "--as", "train", "--hold-out", "newest");
  expect(first.err).toMatch(/^Next: tagpr data check two\/dianping_content, then this command with --as dev, /m);
  const flags = ["--as", "dev", "--users", "2", "--min-title", "1"];
  const second = await tagpr("data", "dianping", "two.jsonl", "--out", "two", ...flags);
  expect(second.err).toMatch(/^Next: .* then: tagpr run CONFIG\.yaml --data two\/dianping_content --out RUN$/m);
  const record = (split: string) =>
    JSON.parse(readFileSync(join(cwd, "two", "dianping_content", `${split}_cleaning.json`), "utf8"));
  expect(record("train")).toMatchObject({ hold_out: "newest", users: 3, rules: { minTitle: 2 } });
  expect(record("dev")).toMatchObject({ hold_out: "ninth", users: 2, rules: { minTitle: 1 } });
});

it("Paraph through an endpoint; asked again, the answers come from the cache", async () => {
  let n = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const message = { role: "assistant", content: `中性改写${++n}` };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [{ index: 0, finish_reason: "stop", message }], usage: {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  try {
    await writeRows(join(cwd, "p.jsonl"), posts);
    const flags = ["data", "dianping", "p.jsonl", "--out", "p", "--url", url, "--model", "m", "--hold-out", "newest"];
    expect((await tagpr(...flags)).out).toMatch(/dianping_paraph: 3 queries, test\n/);
    const questions = JSON.parse(readFileSync(join(cwd, "p", "dianping_paraph", "test_questions.json"), "utf8"));
    expect(questions[0].input).toMatch(/原文：中性改写\d$/);
    expect((await tagpr(...flags)).err).toMatch(/0 requests, 3 from the cache/);
    expect(n).toBe(3);
    expect((await tagpr("data", "check", "p/dianping_paraph")).out).toMatch(/no fault found/);
  } finally {
    server.close();
  }
});

it("bad rows are named and end the command; too few posts too", async () => {
  await writeRows(join(cwd, "bad.csv"), [{ ...posts[0], date: "去年" }, ...posts.slice(1, 9)]);
  expect(await tagpr("data", "dianping", "bad.csv", "--out", "b")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/1 × the date can.t be read: row 1 \("去年"\)\n.*1 bad rows/),
  });
  expect(await tagpr("data", "dianping", "bad.csv", "--out", "b", "--skip-bad")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/no user has nine posts left/),
  });
});
