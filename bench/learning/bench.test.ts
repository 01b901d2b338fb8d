import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { App } from "../../src/cli/app.ts";
import { TagprError } from "../../src/core/errors.ts";
import { writeJson, writeJsonl } from "../../src/core/jsonl.ts";
import { stream } from "../../src/core/random.ts";
import type { Stage, StageContext, StageName } from "../../src/run/stage.ts";
import { STRATA } from "../../src/run/stages/strata.ts";
import { type BenchOptions, jsonOf, runBench } from "./bench.ts";
import { BUDGETS } from "./budgets.ts";
import { BENCH_STAGES } from "./plan.ts";
import { tables } from "./tables.ts";

/** A run's own table, which the bench doesn't read. */
const NO_RESULT = { task: "t", metric: "accuracy", rows: [], paired: [], details: {}, seed: 0, seconds: 0 };
const USERS = 12;
const queryOf = (stratum: string, i: number): string => `${stratum}-${i}`;

/** What a stage would write, made up: its key in every file, so that other inputs are other files all the way down. */
const WRITE: Partial<Record<StageName, (context: StageContext) => void>> = {
  data: ({ dir }) => {
    const ceilings = { synthetic_tag: { query_only: 0.3, shown_items: 0.7, oracle: 0.9, n: USERS } };
    const queries = (stratum: string) => Array.from({ length: USERS }, (_, i) => `t/${queryOf(stratum, i)}`);
    writeJson(join(dir, "strata.json"), Object.fromEntries(STRATA.map((s) => [s, { queries: queries(s), ceilings }])));
  },
  guided: ({ dir }) => {
    const probe = { queries: 8, pass1: 0.3, passK: 0.6, tagValid: 1, unreadable: 0, truncated: 0 };
    writeJson(join(dir, "validations.json"), { probe: { ...probe, withSpread: 0.5, withVerifiableSpread: 0.4 } });
  },
  eval: ({ dir, config, key }) => {
    for (const method of config.eval.methods)
      writeJsonl(
        join(dir, `${method}.jsonl`),
        STRATA.flatMap((stratum) => Array.from({ length: USERS }, (_, i) => answer(stratum, i, method, key))),
      );
  },
};

/** TagPR is right where the others are, and more often. */
function answer(stratum: string, i: number, method: string, key: string): object {
  const right = stream("fake", key, stratum, i).next() < (method === "tagpr" ? 0.8 : 0.2) ? 1 : 0;
  return { task: "t", query: queryOf(stratum, i), user: `u${i}`, strictScore: right, lenientScore: right };
}

/** The real stages' configs and inputs, with made-up work. `ran`: who did what; `before` may throw, as a killed run does. */
function fakeStages(ran: string[], before: (what: string) => void): Stage[] {
  const named = (path: string, dir: string): void => {
    if (!existsSync(path)) writeFileSync(path, `${dir}\n`);
  };
  return BENCH_STAGES.map((stage) => ({
    name: stage.name,
    config: stage.config,
    reads: stage.reads,
    ...(stage.alsoWrites === undefined ? {} : { alsoWrites: stage.alsoWrites }),
    run: (context) => {
      const what = `${context.run.split("/").slice(-1)[0]}/${stage.name}`;
      before(what);
      WRITE[stage.name]?.(context);
      for (const reader of BENCH_STAGES)
        for (const file of reader.reads(context.config))
          if (file.startsWith(`${stage.name}/`)) named(join(context.run, file), context.key);
      if (stage.name === "eval") writeJson(join(context.run, "result.json"), NO_RESULT);
      ran.push(what);
      return Promise.resolve();
    },
  }));
}

function start(out: string, more: Partial<BenchOptions> = {}, before: (what: string) => void = () => {}) {
  const ran: string[] = [];
  const said: string[] = [];
  const never = (): Promise<never> => Promise.reject(new Error("no engine here"));
  const app: App = {
    io: {
      ...{ env: {}, cwd: out, argv: [], terminal: false, colour: false },
      ...{ out: () => {}, err: (text: string) => said.push(text), onStop: () => () => {} },
    },
    stages: fakeStages(ran, before),
    openEngines: () => ({ policy: never, reward: never, embeddings: never, close: () => Promise.resolve() }),
    outcome: { code: 0 },
  };
  const finding = runBench({ budget: BUDGETS.quick, seeds: 1, set: [], out, ...more }, app);
  return { finding, ran, said };
}

const folder = (): string => mkdtempSync(join(tmpdir(), "learning-"));

describe("the learning bench", () => {
  const out = folder();

  it("shares what is the same, and says of every hypothesis what came out", async () => {
    const { finding, ran } = start(out);
    const found = await finding;
    const count = (stage: string): number => ran.filter((what) => what.endsWith(`/${stage}`)).length;
    expect(["data", "chains", "sft", "prmu", "guided", "eval"].map(count)).toEqual([1, 1, 2, 5, 8, 8]);
    if (found === null) throw new Error("stopped");
    const json = jsonOf(found) as { rows: object[]; paired: object[] };
    expect(json.rows).toHaveLength(3 * 12);
    expect(json.paired).toHaveLength(3 * 12);
    expect(found.rows[0]).toMatchObject({ table: "ablation", variant: "base", n: USERS, seeds: 1 });
    const same = (variant: string) => found.rows.filter((row) => row.variant === variant).map(({ score }) => score);
    expect(same("w/o RM")).toEqual(same("w/o Reward"));
    expect(same("PRMU")).toEqual(same("TagPR"));
    const text = tables(found);
    expect(text).toMatch(/TagPR − base \(required\) +\+/);
    expect(text).toMatch(/Aim: TagPR reaches/);
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it("has nothing left to do the second time", async () => {
    const before = readFileSync(join(out, "result.json"), "utf8");
    const { finding, ran } = start(out);
    await finding;
    expect(ran).toEqual([]);
    expect(readFileSync(join(out, "result.json"), "utf8")).toBe(before);
  });

  it("cut off anywhere and started again, it does each piece once and ends with the same numbers", async () => {
    const other = folder();
    const cuts = ["tagpr/sft", "tagpr/eval", "no-tag/guided", "untrained-rm/prmu"];
    const all: string[] = [];
    for (const cut of cuts) {
      const { finding, ran } = start(other, {}, (what) => {
        if (what === cut && !all.includes(`cut ${cut}`)) {
          all.push(`cut ${cut}`);
          throw new TagprError("engine", "power cut");
        }
      });
      await expect(finding).rejects.toThrow("power cut");
      all.push(...ran);
    }
    const { finding, ran } = start(other);
    await finding;
    expect([...all.filter((what) => !what.startsWith("cut")), ...ran]).toHaveLength(1 + 1 + 2 + 5 + 8 + 8 + 8);
    expect(readFileSync(join(other, "result.json"), "utf8")).toBe(readFileSync(join(out, "result.json"), "utf8"));
  });

  it("is one budget's folder: another budget is refused, more seeds are not", async () => {
    await expect(start(out, { set: ["guided.epochs=9"] }).finding).rejects.toThrow(/belongs to the quick budget/);
    await expect(start(out, { budget: BUDGETS.full, seeds: 1 }).finding).rejects.toThrow(/belongs to the quick budget/);
    const { finding, ran } = start(out, { seeds: 2 });
    expect((await finding)?.rows[0]?.seeds).toBe(2);
    expect(ran.filter((what) => what.endsWith("/data"))).toHaveLength(1);
  });
});
