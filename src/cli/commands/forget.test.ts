import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { STAGES } from "../../run/stages/index.ts";
import { smallRun } from "../../run/testing/small-run.ts";
import { shell } from "../testing/shell.ts";

const FILES = {
  "data/chains.jsonl": [
    {
      task: "synthetic_tag",
      id: "q1",
      user: "ann",
      input: "a query of the canary",
      gold: "comedy",
      shown: [],
      historyItems: 0,
    },
  ],
};

const { tagpr } = shell({}, { stages: STAGES });

it("says what went, and what still holds the user", async () => {
  const { run } = smallRun(FILES);
  const dry = await tagpr("forget", run, "--user", "ann", "--dry-run");
  expect(dry.out).toMatch(
    /data\/chains.jsonl: 1 entry would go[\s\S]*would no longer be reproducible[\s\S]*still holds[\s\S]*weights[\s\S]*exported[\s\S]*backups/,
  );
  expect(readFileSync(join(run, "data/chains.jsonl"), "utf8")).toContain("canary");
  const done = await tagpr("forget", run, "--user", "ann");
  expect([done.code, done.out]).toEqual([0, expect.stringMatching(/data\/chains.jsonl: 1 entry gone/)]);
  expect(readFileSync(join(run, "data/chains.jsonl"), "utf8")).toBe("");
  const again = await tagpr("forget", run, "--user", "ann");
  expect([again.code, again.err]).toEqual([3, expect.stringMatching(/has no user "ann"/)]);
});

it("a folder that is none, a stranger's, and a run that is being worked on are each a sentence, and stay as they are", async () => {
  const { run } = smallRun(FILES);
  const refused = async (folder: string) => {
    const { code, out, err } = await tagpr("forget", folder, "--user", "ann");
    expect([code, out]).toEqual([7, ""]);
    return err;
  };
  expect(await refused(join(run, "nowhere"))).toMatch(/holds no run/);
  mkdirSync(join(run, "mine"));
  expect(await refused(join(run, "mine"))).toMatch(/holds no run/);
  writeFileSync(join(run, "mine", "run.json"), '{"config": {"of": "another program"}}');
  expect(await refused(join(run, "mine"))).toMatch(/names no version of TagPR/);
  writeFileSync(join(run, ".lock"), JSON.stringify({ pid: process.ppid, host: hostname(), id: "x" }));
  expect(await refused(run)).toMatch(/in use by process/);
  expect(readFileSync(join(run, "data/chains.jsonl"), "utf8")).toContain("canary");
});
