import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readJson, readJsonl } from "../core/jsonl.ts";
import type { Result } from "../eval/result-types.ts";
import { foreignFiles } from "../run/begun.ts";
import { STAGES } from "../run/stages/index.ts";
import { contents, type Event, killHard, startTagpr, type Target, TINY, timesTrained } from "./testing/tiny-run.ts";

type Kill = readonly [Target, (event: Event) => boolean];

/** Runs the command, with kills −9 one after the other, each at the first event that it picks. Answers its exit code. */
function tagpr(argv: readonly string[], kills: readonly Kill[] = [], said: string[] = []): Promise<number | null> {
  const left = [...kills];
  const running = startTagpr(argv, (event) => {
    if (event.event === "say") said.push(event.line ?? "");
    const [target, when] = left[0] ?? [];
    if (target !== undefined && when?.(event) === true && killHard(running, target)) left.shift();
  });
  return running.ended;
}

describe("a whole run on the real engine", () => {
  const dir = mkdtempSync(join(tmpdir(), "whole-"));
  const config = join(dir, "tiny.yaml");
  const straight = join(dir, "straight");
  beforeAll(async () => {
    writeFileSync(config, TINY);
    expect(await tagpr(["run", config, "--out", straight])).toBe(0);
  }, 600_000);

  it("ends with a table of every method, the ceilings and a report", () => {
    const result = readJson<Result>(join(straight, "result.json"));
    expect(result.rows.map(({ method }) => method)).toEqual([
      ...["zero-shot", "rag-r", "sft", "sft-r", "sft-rejection", "guided", "tagpr"],
    ]);
    for (const { score, low, high, n } of result.rows) {
      expect(low).toBeLessThanOrEqual(score);
      expect(high).toBeGreaterThanOrEqual(score);
      expect(n).toBe(16);
    }
    expect(Object.keys(result.ceilings ?? {})).toEqual(["query_only", "shown_items", "oracle"]);
    expect(result.paired.length).toBeGreaterThan(0);
    expect(result.seconds).toBeGreaterThan(0);
    expect(readFileSync(join(straight, "report", "index.html"), "utf8")).toMatch(/^<!doctype html>/i);
  });

  it("every file that a stage wrote is listed as its own", () => {
    for (const stage of STAGES) expect(foreignFiles(straight, stage)).toEqual([]);
  });

  it("exports its policy and its reward model, the same to 1e-4 when plain transformers opens them", async () => {
    for (const [model, file] of [
      ["tagpr", "generation_config.json"],
      ["prmu", "user_embeddings.safetensors"],
    ] as const) {
      const out = join(dir, `exported-${model}`);
      expect(await tagpr(["export", straight, "--model", model, "--out", out])).toBe(0);
      for (const name of ["model.safetensors", "chat_template.jinja", "README.md", file])
        expect(existsSync(join(out, name))).toBe(true);
      const { check } = readJson<{ check: { largest: number; compared: number } }>(join(out, "tagpr.json"));
      expect(check.largest).toBeLessThanOrEqual(1e-4);
      expect(check.compared).toBeGreaterThan(0);
    }
  }, 300_000);

  it("trains on every RL query once an epoch", () => {
    const queries = readJsonl<{ task: string; id: string }>(join(straight, "data", "rl.jsonl"));
    const once = new Map(queries.map(({ task, id }) => [`${task}/${id}`, 1]));
    for (const stage of ["guided", "explore"] as const) expect(timesTrained(straight, stage)).toEqual(once);
  });

  it("killed anywhere and started again, it ends with the same bytes; a lost engine is started anew by itself", async () => {
    const run = join(dir, "killed");
    const at = (title: RegExp, done: number) => (event: Event) =>
      event.event === "update" && title.test(event.title ?? "") && event.done === done;
    const starts: Kill[][] = [
      [
        ["engine", at(/SFT$/, 1)],
        ["both", at(/PRMU$/, 1)],
      ],
      [
        ["engine", at(/Guided/, 1)],
        ["command", at(/Exploratory/, 2)],
      ],
      [["both", at(/RAG-R/, 8)]],
    ];
    const said: string[] = [];
    for (const kills of starts) expect(await tagpr(["run", config, "--out", run], kills, said)).toBeNull();
    expect(await tagpr(["run", config, "--out", run])).toBe(0);
    expect(said.join("\n")).toMatch(/sft: the engine stopped \(signal SIGKILL\).*started anew/);
    expect(said.join("\n")).toMatch(/guided: the engine stopped \(signal SIGKILL\).*started anew/);
    expect(contents(run)).toEqual(contents(straight));
  }, 900_000);
});
