import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { readJson } from "../core/jsonl.ts";
import { filesBelow } from "../core/run-dir.ts";
import { testPython } from "../engine/testing/tiny-model.ts";
import type { Result } from "../eval/result-types.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Every stage of the quickstart, with as little in it as still goes through all of them. */
const TINY = `
name: tiny
data: { users: { train: 20, dev: 6, test: 12 }, chains: 24, rl: 16, prmu: 12, dev: 8, test: 16 }
prompt: { max_tokens: 640 }
chains: { rollouts: 4, explore: 12, tags: 5 }
sft: { learning_rate: 5.0e-4, batch: 8, epochs: 3, eval_every: 2, checkpoint_every: 1 }
prmu: { rollouts: 3, prp_pairs: 24, pqp_pairs: 24, batch: 8, checkpoint_every: 1, max_tokens: 160 }
guided: &rl { learning_rate: 1.0e-4, epochs: 1, batch: 8, rollouts: 3, updates: 2, advantage_delta: 0.05, max_tokens: 160, validate_every: 1, checkpoint_every: 1 }
explore: { <<: *rl }
eval: { max_tokens: 160, batch: 8, bootstrap: 200 }
engines: { policy: { threads: 1 }, reward: { threads: 1 }, embeddings: { threads: 1 } }
`;

interface Event {
  readonly event: string;
  readonly title?: string;
  readonly done?: number;
}

/** Runs the real command line; killed without warning at the first event that `kill` picks. Answers its exit code. */
function tagpr(argv: readonly string[], kill: (event: Event) => boolean = () => false): Promise<number | null> {
  const env = { ...process.env, TAGPR_PYTHON: testPython(process.env) };
  const args = ["--import", "tsx", join(ROOT, "src", "cli", "main.ts"), ...argv, "--json", "--debug"];
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (kill(JSON.parse(line) as Event)) child.kill("SIGKILL");
  });
  return new Promise((resolve) => child.once("close", resolve));
}

/** Everything that must not hang on where a run was cut: metrics, samples, predictions, models. No clock is in it. */
function contents(run: string): Record<string, string> {
  const wanted = /^(data|chains|sft|prmu|guided|explore|eval)\/.*\.(jsonl|json)$/;
  const clocks = /\/(timings\.jsonl|stage\.json|begun\.json)$/;
  const files = filesBelow(run).filter((file) => wanted.test(file) && !clocks.test(file));
  return Object.fromEntries(files.map((file) => [file, modelNames(readFileSync(join(run, file), "utf8"))]));
}

/** Engines name models as they come: the names, and the keys that hang on them, differ; the weights must not. */
const modelNames = (text: string): string =>
  text.replace(/tinker:\/\/[^/"]+\//g, "tinker://MODEL/").replace(/"made_by": "\w+"/, '"made_by": "KEY"');

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
    expect(result.rows.map(({ method }) => method)).toEqual(["zero-shot", "rag-r", "sft", "guided", "tagpr"]);
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

  it("killed anywhere and started again, it ends with the same bytes", async () => {
    const run = join(dir, "killed");
    const at = (title: RegExp, done: number) => (event: Event) =>
      event.event === "update" && title.test(event.title ?? "") && event.done === done;
    for (const kill of [at(/SFT$/, 2), at(/PRMU$/, 1), at(/Guided/, 1), at(/Exploratory/, 2), at(/RAG-R/, 8)])
      expect(await tagpr(["run", config, "--out", run], kill)).toBeNull();
    expect(await tagpr(["run", config, "--out", run])).toBe(0);
    expect(contents(run)).toEqual(contents(straight));
  }, 900_000);
});
