import { constants } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guardDisk, writeAtomic } from "../core/jsonl.ts";
import { connectEngine } from "../engine/client.ts";
import { refusal } from "../engine/transport.ts";
import { lockRun } from "../run/lock.ts";
import { exitCodeOf, explain } from "./failure.ts";
import { shell } from "./testing/shell.ts";

const { cwd, tagpr } = shell();
const file = (name: string, text: string): string => {
  writeFileSync(join(cwd, name), text);
  return name;
};

const OURS = /fault in TagPR/;
const thrownBy = async (act: () => unknown): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

/** Nine levels of ten aliases each: a thousand million values. */
const BOMB = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
  .concat(Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(", ")}]`))
  .join("\n");

describe("what is wrong outside is not a fault in TagPR", () => {
  it.each([
    ["an alias bomb", BOMB, /bomb\.yaml: not YAML that can be read/],
    ["an alias that leads nowhere", "name: *nobody", /bomb\.yaml.*nobody/],
    ["endless nesting of brackets", "[".repeat(20_000), /nested more than 100 levels deep/],
    ["endless nesting of lists", "- ".repeat(20_000), /nested more than 100 levels deep/],
    ["lists that all end at once", `${"- ".repeat(20_000)}x\nname: own\n`, /nested more than 100 levels deep/],
    [
      "endless nesting of maps",
      Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      /nested more than 100/,
    ],
    ["a key that every object has", "__proto__: {x: 1}", /unknown key __proto__/],
    ["one deeper", "data: {__proto__: {x: 1}}", /unknown key data\.__proto__/],
  ])("%s in a config: usage, and a sentence", async (_, text, says) => {
    for (const argv of [["config", "check"], ["config", "show"], ["run"]]) {
      const { code, err } = await tagpr(...argv, file("bomb.yaml", text));
      expect(code).toBe(2);
      expect(err).toMatch(says);
      expect(err).not.toMatch(OURS);
    }
  });

  it("a value that every object has, by --set", async () => {
    const { code, err } = await tagpr("config", "show", file("own.yaml", ""), "--set", "__proto__.x=1");
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/unknown key __proto__/) });
  });

  it("a field of a task that every object has", async () => {
    const text = readFileSync(new URL("../../tasks/lamp_4.yaml", import.meta.url), "utf8");
    const own = file("own-task.yaml", text.replace(/itemFields:.*?(?=\n\w)/s, "itemFields: [__proto__]"));
    const { code, err } = await tagpr("score", "--golds", "g.json", "--preds", "p.json", "--task", own);
    const golds = file("g.json", '[{"id": "1", "output": "x"}]');
    expect(code).not.toBe(70);
    const again = await tagpr("score", "--golds", golds, "--preds", golds, "--task", own);
    expect(again.err).toMatch(/every object has that already/);
    expect(err).not.toMatch(OURS);
  });

  it.each(["/proc/no-such/run", "/dev/null/run"])("a place where nothing can be made: %s", async (place) => {
    const locked = await thrownBy(() => lockRun(place));
    const written = await thrownBy(() => writeAtomic(join(place, "x"), "x"));
    for (const error of [locked, written]) {
      expect([2, 6]).toContain(exitCodeOf(error));
      expect(explain(error, false)).not.toMatch(OURS);
    }
  });

  it.each(["EROFS", "ENOSPC", "EIO", "ENAMETOOLONG", "EMFILE", "ESTALE"])("%s, wherever it is met", async (errno) => {
    const refused = Object.assign(new Error(`${errno}: refused`), { code: errno, syscall: "open", path: "/mnt/x" });
    const guarded = await thrownBy(() => guardDisk("/mnt/x", () => Promise.reject(refused)));
    for (const error of [guarded, refused]) {
      expect(exitCodeOf(error)).toBe(6);
      expect(explain(error, false)).toMatch(/\/mnt\/x/);
      expect(explain(error, false)).not.toMatch(OURS);
    }
  });

  it("a line that no string can hold", async () => {
    const error = await thrownBy(() => Buffer.alloc(constants.MAX_STRING_LENGTH + 1).toString("latin1"));
    expect(exitCodeOf(error)).toBe(3);
    expect(explain(error, false)).toMatch(/half a gigabyte/);
  });

  it("a NUL in a name", async () => {
    const { code, err } = await tagpr("score", "--golds", "a\0b.json", "--preds", "p.json");
    expect([2, 3]).toContain(code);
    expect(err).not.toMatch(OURS);
    expect(err).not.toContain("\0");
    const written = await thrownBy(() => writeFileSync("a\0b", "x"));
    expect(exitCodeOf(written)).toBe(2);
  });

  it("a run.json of another program", async () => {
    for (const text of ["[]", "{}", '{"config": []}', '{"config": {"port": 80}}', "\0", '{"config": {}, "tagpr": 7}']) {
      writeFileSync(join(cwd, "run.json"), text);
      const { code, err } = await tagpr("run", cwd);
      expect([2, 7]).toContain(code);
      expect(err).not.toMatch(OURS);
      expect(readFileSync(join(cwd, "run.json"), "utf8")).toBe(text);
    }
  });

  it.each(["null", "[]", "3", '"x"', "true"])("a remote engine that answers %s", async (body) => {
    const answer = () => Promise.resolve(new Response(body, { headers: { "content-type": "application/json" } }));
    const error = await thrownBy(async () => {
      const engine = await connectEngine({ url: "http://engine.test", key: "k", fetch: answer });
      await engine.sampler("m");
    });
    expect(exitCodeOf(error)).toBe(4);
    expect(explain(error, false)).toMatch(/not a JSON object/);
  });

  it("a disk that is full where the engine writes: 6, and what to do", () => {
    const transport = { url: "http://127.0.0.1:1", key: "", fetch, sleep: async () => {}, now: () => 0 };
    const said = JSON.stringify({ error: "/w/one could not be saved: No space left on device", category: "server" });
    const bytes = new TextEncoder().encode(said);
    const error = refusal(transport, "save_weights", { status: 200, contentType: "application/json", bytes });
    expect(exitCodeOf(error)).toBe(6);
    expect(explain(error, false)).toMatch(/Make room where it keeps its weights/);
  });

  it("more resamples than anyone waits for", async () => {
    const { code, err } = await tagpr("score", "--golds", "g", "--preds", "p", "--resamples", "1000000000");
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/more than 100000/) });
    expect((await tagpr("config", "show", "own.yaml", "--set", "eval.bootstrap=1000000000")).code).toBe(2);
  });
});

it("no text of a file reaches the terminal raw", async () => {
  const evil = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u001b[31mred";
  const golds = file("evil.json", JSON.stringify({ task: evil, golds: [{ id: evil, output: evil }] }));
  const told = [
    await tagpr("score", "--golds", golds, "--preds", golds),
    await tagpr("data", "check", join(cwd, evil)),
    await tagpr("config", "show", file("evil.yaml", `name: ${JSON.stringify(evil)}`)),
    await tagpr("config", "show", file("red.yaml", `teacher: {model: ${JSON.stringify(evil)}}`)),
    await tagpr("rewards", "explain", file("evil-row.json", JSON.stringify({ task: evil, gold: evil, text: evil }))),
    await tagpr("run", "own.yaml", "--only", evil),
  ];
  for (const { out, err } of told) {
    expect(out + err).not.toMatch(/[^\P{Cc}\t\n]/u);
    expect((out + err).length).toBeGreaterThan(0);
  }
});
