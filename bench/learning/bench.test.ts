import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { App } from "../../src/cli/app.ts";
import { fixedMeasure } from "../../src/cli/testing/fixed-measure.ts";
import { TagprError } from "../../src/core/errors.ts";
import { writeJson, writeJsonl } from "../../src/core/jsonl.ts";
import { stream } from "../../src/core/random.ts";
import { filesBelow } from "../../src/core/run-dir.ts";
import type { StageName } from "../../src/core/stages.ts";
import type { Engine } from "../../src/engine/types.ts";
import type { Stage, StageContext } from "../../src/run/stage.ts";
import { STRATA } from "../../src/run/stages/strata.ts";
import { takeAnswers } from "./answers.ts";
import { type BenchOptions, jsonOf, runBench } from "./bench.ts";
import { BUDGETS, jobsOf } from "./budgets.ts";
import { BENCH_STAGES, planOf } from "./plan.ts";
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

/** A stage about to be worked on. */
interface Piece {
  readonly seed: number;
  /** `tagpr/sft` */
  readonly what: string;
}

/** Called before each piece of work; may throw, as a killed run does, or wait. */
type Before = (piece: Piece) => void | Promise<void>;

/** The real stages' configs and inputs, with made-up work. `ran`: who did what. */
function fakeStages(ran: string[], keys: string[], before: Before): Stage[] {
  const named = (path: string, key: string): void => {
    const text = path.endsWith("tasks.json") ? JSON.stringify([{ name: "t", language: "en", key }]) : key;
    if (!existsSync(path)) writeFileSync(path, `${text}\n`);
  };
  return BENCH_STAGES.map((stage) => ({
    name: stage.name,
    config: stage.config,
    reads: stage.reads,
    writes: stage.writes,
    ...(stage.alsoWrites === undefined ? {} : { alsoWrites: stage.alsoWrites }),
    run: async (context) => {
      const what = `${context.run.split("/").slice(-1)[0]}/${stage.name}`;
      await context.engines.policy();
      await before({ seed: context.config.seed, what });
      WRITE[stage.name]?.(context);
      for (const reader of BENCH_STAGES)
        for (const file of reader.reads(context.config))
          if (file.startsWith(`${stage.name}/`)) named(join(context.run, file), context.key);
      if (stage.name === "eval") writeJson(join(context.run, "result.json"), NO_RESULT);
      ran.push(what);
      keys.push(`${stage.name}-${context.key}`);
    },
  }));
}

function start(out: string, more: Partial<BenchOptions> = {}, before: Before = () => {}) {
  const ran: string[] = [];
  const keys: string[] = [];
  const said: string[] = [];
  const engines = new Set<object>();
  const stop = new Set<(signal: "SIGINT") => void>();
  const engine = { capabilities: { extensions: {}, gspo: true } } as Engine;
  const app: App = {
    io: {
      ...{ env: {}, cwd: out, argv: [], terminal: false, colour: false },
      ...{ out: () => {}, err: (text: string) => said.push(text) },
      onStop: (listener) => {
        stop.add(listener);
        return () => stop.delete(listener);
      },
    },
    measure: () => fixedMeasure(),
    stages: fakeStages(ran, keys, before),
    openEngines: () => {
      const process = {};
      const start = (): Promise<Engine> => {
        engines.add(process);
        return Promise.resolve(engine);
      };
      const close = (): Promise<void> => {
        engines.delete(process);
        return Promise.resolve();
      };
      return { policy: start, reward: start, embeddings: start, close };
    },
    outcome: { code: 0 },
  };
  const options = { budget: BUDGETS.quick, seeds: [101], set: [], out, atOnce: 1, threads: 0, ...more };
  const finding = runBench(options, app);
  const interrupt = (): void => {
    for (const listener of stop) listener("SIGINT");
  };
  return { finding, ran, keys, said, engines, app, interrupt };
}

const folder = (): string => mkdtempSync(join(tmpdir(), "learning-"));

describe("the learning bench", () => {
  const out = folder();

  it("shares what is the same, and says of every hypothesis what came out", async () => {
    const { finding, ran } = start(out);
    const found = await finding;
    const count = (stage: string): number => ran.filter((what) => what.endsWith(`/${stage}`)).length;
    expect(["data", "chains", "sft", "prmu", "guided", "eval"].map(count)).toEqual([1, 1, 2, 7, 11, 13]);
    expect(ran).toEqual(expect.arrayContaining(["gold-at-once/gold", "rejection/rejection"]));
    expect(ran).not.toContain("gold-at-once/sft");
    if (found === null) throw new Error("stopped");
    const json = jsonOf(found) as { rows: object[]; paired: object[] };
    expect(json.rows).toHaveLength(3 * 17);
    expect(json.paired).toHaveLength(3 * 15);
    expect(found.rows[0]).toMatchObject({ table: "ablation", variant: "base", n: USERS, seeds: 1 });
    const same = (variant: string) => found.rows.filter((row) => row.variant === variant).map(({ score }) => score);
    expect(same("w/o RM")).toEqual(same("w/o Reward"));
    expect(same("PRMU")).toEqual(same("TagPR"));
    const text = tables(found);
    expect(text).toMatch(/TagPR − base \(required\) +\+/);
    expect(text).toMatch(/Aim: TagPR reaches/);
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it("tells a table without the rivals that came later, and says how to have them", async () => {
    const other = folder();
    const all = jobsOf({ budget: BUDGETS.quick, seeds: [101], set: [], threads: 0 });
    const only = all.filter(({ variant }) => !variant.rival).map(({ variant }) => variant.run);
    const found = await start(other, { only }).finding;
    if (found === null) throw new Error("stopped");
    expect(found.rows.filter(({ variant }) => variant.startsWith("gold"))).toEqual([]);
    expect(tables(found)).toMatch(/gold, at once +not run \(--only gold-at-once\)/);
    expect(tables(found)).toMatch(/rejection SFT +not run \(--only rejection\)/);
  });

  it("plans nothing that another run has done, asked for some runs alone too", async () => {
    const all = jobsOf({ budget: BUDGETS.quick, seeds: [101], set: [], threads: 0 });
    const other = folder();
    await start(other, { only: ["tagpr"] }).finding;
    const plan = await planOf(
      all.filter(({ variant }) => variant.run === "no-tag"),
      other,
      all,
    );
    const left = plan.filter(({ sharedWith, done }) => sharedWith === null && !done).map(({ stage }) => stage);
    expect(left).toEqual(["guided", "explore", "eval"]);
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
      const { finding, ran } = start(other, {}, ({ what }) => {
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
    expect([...all.filter((what) => !what.startsWith("cut")), ...ran]).toHaveLength(1 + 1 + 2 + 7 + 11 + 11 + 2 + 13);
    expect(readFileSync(join(other, "result.json"), "utf8")).toBe(readFileSync(join(out, "result.json"), "utf8"));
  });

  it("asked for some runs alone, it does these and tells no table before its other runs are done", async () => {
    const other = folder();
    const { finding, ran, said } = start(other, { only: ["tagpr", "no-tag"], seeds: [101, 102] });
    expect(await finding).toBeNull();
    expect(new Set(ran.map((what) => what.split("/")[0]))).toEqual(new Set(["tagpr", "no-tag"]));
    expect(ran.filter((what) => what.endsWith("/eval"))).toHaveLength(4);
    expect(said.join("")).toMatch(
      /Run 4 of 4: seed 102, no-tag\n(.*\n)*The table ablation .*: 8 runs are missing \(seed 101, no-sft; …\)/,
    );
    expect(existsSync(join(other, "result.json"))).toBe(false);
    await start(other).finding;
    expect(readFileSync(join(other, "result.json"), "utf8")).toBe(readFileSync(join(out, "result.json"), "utf8"));
  });

  it("tells a table as soon as its own runs are done, with the numbers that it has at the end", async () => {
    const other = folder();
    const only = ["tagpr", "no-reward", "untrained-rm", "no-user-embeddings", "general-rm", "oracle-rm"];
    const { finding, said } = start(other, { only });
    const found = await finding;
    const whole = JSON.parse(readFileSync(join(out, "result.json"), "utf8")) as typeof found;
    const own = <T extends { table: string }>(all: readonly T[] = []) =>
      all.filter(({ table }) => table === "reward model");
    expect(found?.rows).toEqual(own(whole?.rows));
    expect(found?.paired).toEqual(own(whole?.paired));
    expect(found?.ceilings).toEqual(whole?.ceilings);
    expect(new Set(found?.probes.map(({ run }) => run))).toEqual(new Set(only));
    expect(said.join("")).toMatch(/The table ablation .*: 4 runs are missing/);
    expect(said.join("")).not.toMatch(/The table (reward model|sensitivity)/);
    if (found !== null) expect(tables(found)).not.toMatch(/ablation|NaN|undefined/);
  });

  it("says of which tables and seeds the runs are of more than one revision, and that few seeds decide nothing", async () => {
    const other = folder();
    await start(other).finding;
    const path = join(other, "answers", "seed-101", "no-tag.json");
    writeJson(path, { ...JSON.parse(readFileSync(path, "utf8")), revision: "0123456789abcdef+" });
    const found = await start(other).finding;
    expect(found?.mixed).toEqual([{ table: "ablation", seeds: [101] }]);
    expect(new Set(found?.paired.map(({ verdict }) => verdict))).toEqual(new Set(["undecided", null]));
    if (found !== null)
      expect(tables(found)).toMatch(/table ablation the runs of seed 101 are not all of one revision/);
    if (found !== null) expect(tables(found)).toMatch(/No verdict on fewer than 6 seeds/);
    if (found !== null) expect(tables(found)).toMatch(/Made by 2 revisions of TagPR: .*\b0123456\+/);
  });

  it("is one budget's folder: another budget is refused, more seeds are not", async () => {
    await expect(start(out, { set: ["guided.epochs=9"] }).finding).rejects.toThrow(/belongs to the quick budget/);
    await expect(start(out, { budget: BUDGETS.full, seeds: [201] }).finding).rejects.toThrow(
      /belongs to the quick budget/,
    );
    const { finding, ran } = start(out, { seeds: [101, 102] });
    expect((await finding)?.rows[0]?.seeds).toBe(2);
    expect(ran.filter((what) => what.endsWith("/data"))).toHaveLength(1);
  });
});

describe("the answers of finished runs", () => {
  const [out, elsewhere] = [folder(), folder()];
  const options = { budget: BUDGETS.quick, seeds: [101, 102], set: [] as string[], threads: 0 };
  const numbers = (path: string): string => readFileSync(join(path, "result.json"), "utf8");

  it("are all that the tables need: the runs' folders may go", async () => {
    await start(out, options).finding;
    const before = numbers(out);
    for (const name of ["seed-101", "seed-102", "shelf", "weights"]) rmSync(join(out, name), { recursive: true });
    const { finding, ran } = start(out, options);
    await finding;
    expect(ran).toEqual([]);
    expect(numbers(out)).toBe(before);
  });

  it("are taken over elsewhere, and only what is missing is trained there", async () => {
    rmSync(join(out, "answers", "seed-102", "no-tag.json"));
    takeAnswers(join(out, "answers"), elsewhere, jobsOf(options));
    const plan = await planOf(jobsOf(options), elsewhere);
    expect(new Set(plan.filter(({ done }) => !done).map(({ seed, run }) => `${seed} ${run}`))).toEqual(
      new Set(["102 no-tag"]),
    );
    const { finding, ran } = start(elsewhere, options);
    await finding;
    expect(new Set(ran.map((what) => what.split("/")[0]))).toEqual(new Set(["no-tag"]));
    expect(numbers(elsewhere)).toBe(numbers(out));
  });

  it("are refused where they are to other queries, or made with other settings, or not there", () => {
    const take = (set: readonly string[]) => () =>
      takeAnswers(join(out, "answers"), folder(), jobsOf({ ...options, set }));
    expect(take(["guided.epochs=9"])).toThrow(/seed-101\/tagpr\.json was made with other settings/);
    expect(() => takeAnswers(join(out, "shelf"), folder(), jobsOf(options))).toThrow(/no answers there/);
    expect(() => takeAnswers(join(out, "result.json"), folder(), jobsOf(options))).toThrow(/no answers there/);
    const other = folder();
    takeAnswers(join(out, "answers"), other, jobsOf({ ...options, seeds: [103] })); // none of these among them
    expect(filesBelow(other)).toEqual([]);
    const queries = join(out, "answers", "seed-101", "queries.json");
    writeFileSync(queries, readFileSync(queries, "utf8").replace("seen-0", "seen-77"));
    expect(take([])).toThrow(/seed-101\/tagpr\.json answers other queries than those in .*queries\.json/);
  });
});

describe("runs side by side", () => {
  const two = { seeds: [101, 102], atOnce: 2 };
  const never = new Promise<void>(() => {});
  const locks = (out: string): string[] => filesBelow(out).filter((file) => file.endsWith(".lock"));
  const numbers = (out: string): string => readFileSync(join(out, "result.json"), "utf8");
  const alone = folder();
  const cut = folder();

  it("end with the numbers of seeds one after another, each piece under a name of its own on the shelf", async () => {
    await start(alone, { seeds: [101, 102] }).finding;
    const out = folder();
    const begun = new Map([101, 102].map((seed) => [seed, signal()]));
    const { finding, keys, said, engines } = start(out, two, async ({ seed, what }) => {
      begun.get(seed)?.ring();
      // Goes on only once the other has begun too.
      if (what === "tagpr/data") await begun.get(seed === 101 ? 102 : 101)?.rung;
    });
    await finding;
    expect(numbers(out)).toBe(numbers(alone));
    expect(new Set(keys).size).toBe(keys.length);
    const shelved = keys.filter((key) => !key.startsWith("eval-")).sort();
    expect(readdirSync(join(out, "shelf")).sort()).toEqual(shelved);
    expect(engines.size).toBe(0);
    expect(locks(out)).toEqual([]);
    const lines = said.join("").split("\n").filter(Boolean);
    expect(lines).toContain("seed 102, no-tag: sft: another run has done the same");
    for (const line of lines) expect(line).toMatch(/^(seed 10[12], [\w-]+: \S|Run \d+ of 26: seed 10[12], [\w-]+$)/);
  });

  it("a failing one is named and ends the others too", async () => {
    const waiting = signal();
    const { finding, said, engines } = start(cut, { atOnce: 2 }, async ({ what }) => {
      if (what === "no-sft/guided") {
        waiting.ring();
        await never;
      }
      if (what !== "no-tag/guided") return;
      await waiting.rung;
      throw new TagprError("engine", "power cut");
    });
    await expect(finding).rejects.toThrow("power cut");
    expect(said).toContain("seed 101, no-tag failed: power cut\n");
    expect(said.join("")).toMatch(/^seed 101, no-sft: Stopped\./m);
    expect(said.join("")).not.toMatch(/no-reward/);
    expect(engines.size).toBe(0);
    expect(locks(cut)).toEqual([]);
  });

  it("all stop at one signal", async () => {
    let waiting = 0;
    const started = start(cut, { seeds: [101, 102], atOnce: 2 }, ({ what }) => {
      if (!/^no-(sft|tag).guided$/.test(what)) return;
      if (++waiting === 2) started.interrupt();
      return never;
    });
    expect(await started.finding).toBeNull();
    expect(started.app.outcome.code).toBe(130);
    expect(started.engines.size).toBe(0);
    expect(started.said.join("")).not.toMatch(/no-reward/);
    expect(locks(cut)).toEqual([]);
  });

  it("do a piece once even where two come to it at the same time", async () => {
    const { finding, keys } = start(folder(), { only: ["untagged", "untrained-rm", "no-user-embeddings"], atOnce: 3 });
    await finding;
    expect(keys.filter((key) => key.startsWith("sft-"))).toHaveLength(2);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("begin with TagPR's of every seed, and a seed's others only when that is done", async () => {
    const order: string[] = [];
    const three = signal();
    const { finding } = start(folder(), { seeds: [101, 102], atOnce: 3 }, async ({ seed, what }) => {
      if (!what.endsWith("/guided")) return;
      order.push(`${seed} ${what}`);
      // The first of the others go on only once there are three of them.
      if (order.length === 5) three.ring();
      if (what !== "tagpr/guided") await three.rung;
    });
    await finding;
    expect(order.slice(0, 2).sort()).toEqual(["101 tagpr/guided", "102 tagpr/guided"]);
    expect(order).toHaveLength(22);
  });

  it("begin no further run after a signal", async () => {
    const between = start(cut, { seeds: [101, 102] }, ({ what }) => {
      if (what === "no-tag/eval") between.interrupt();
    });
    expect(await between.finding).toBeNull();
    expect(between.ran.filter((what) => what.startsWith("no-reward"))).toEqual([]);
  });

  it("go on from where they were cut off, and end with the same numbers", async () => {
    const last = start(cut, two);
    await last.finding;
    expect(last.ran.filter((what) => what === "no-tag/eval")).toHaveLength(1);
    expect(numbers(cut)).toBe(numbers(alone));
  });
});

/** Rung once, by whoever gets there first. */
function signal(): { readonly ring: () => void; readonly rung: Promise<void> } {
  let ring = (): void => {};
  const rung = new Promise<void>((resolve) => {
    ring = resolve;
  });
  return { ring, rung };
}
