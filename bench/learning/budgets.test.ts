import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Config } from "../../src/core/config/schema.ts";
import { packageRoot } from "../../src/core/installation.ts";
import { threadsFor } from "./at-once.ts";
import { wantedOf } from "./bench.ts";
import { BUDGETS, type Budget, budgetKey, type Job, jobsOf, runsByName, seedsOf } from "./budgets.ts";
import { HYPOTHESES } from "./hypotheses.ts";
import { planOf, planText, wallSeconds } from "./plan.ts";
import { VARIANTS } from "./variants.ts";

const { quick, full } = BUDGETS;
/** Of today's method; a change of the method changes them, and kept answers are then told `--as-made`. */
const KEYS: readonly string[] = [
  "db39e9e2153f3fe637fa7c12e7933358",
  "04e8fb9e28541798de8730ff30c845a3",
  "c347efbec235143521b3cd6a4fd7e1b2",
  "a77b10504e2eee65a812112eb8d2caf6",
];
const runsOf = (budget: Budget, seeds: number, set: readonly string[] = [], threads = 0): Job[] =>
  jobsOf({ budget, seeds: budget.seeds.slice(0, seeds), set, threads });
const jobs = runsOf(quick, 1);
const first = (budget: Budget): Config => {
  const [job] = runsOf(budget, 1);
  if (job === undefined) throw new Error("no runs");
  return job.config;
};
const configOf = (run: string): Config => {
  const job = jobs.find(({ variant }) => variant.run === run);
  if (job === undefined) throw new Error(`no run ${run}`);
  return job.config;
};

/** `a.b` of every value in which two configs differ. */
function changed(a: unknown, b: unknown, at = ""): string[] {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null)
    return Object.is(a, b) ? [] : [at.slice(1)];
  const of = (value: object, key: string): unknown => (value as Record<string, unknown>)[key];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    changed(of(a, key), of(b, key), `${at}.${key}`),
  );
}

describe("variants", () => {
  it("differ from TagPR in the config keys that they name, and in nothing else", () => {
    const differences = (run: string): string[] =>
      changed(configOf("tagpr"), configOf(run)).filter((key) => key !== "name" && !key.startsWith("eval.methods"));
    expect(differences("no-sft")).toEqual(["guided.from"]);
    expect(differences("no-tag")).toEqual(["rewards.tag"]);
    expect(differences("no-reward")).toEqual(["prmu.variant"]);
    expect(differences("single-stage")).toEqual(["guided.epochs", "explore.epochs"]);
    expect(differences("untagged")).toEqual(["sft.form", "rewards.tag"]);
    expect(differences("untrained-rm")).toEqual(["prmu.variant"]);
    for (const run of ["no-user-embeddings", "general-rm", "oracle-rm"])
      expect(differences(run)).toEqual(["prmu.variant"]);
    expect(differences("grounding")).toEqual(["rewards.grounding"]);
  });

  it.each([quick, full])("of one stage take as many batches as those of two ($name)", (budget) => {
    const [two, one] = ["tagpr", "single-stage"].map((run) =>
      runsOf(budget, 1).find(({ variant }) => variant.run === run),
    );
    const batches = (job: Job | undefined): number[] =>
      (["guided", "explore"] as const).map((stage) => {
        const { epochs, batch } = job?.config[stage] ?? { epochs: 0, batch: 1 };
        return Math.ceil(Math.round(epochs * (job?.config.data.rl ?? 0)) / batch);
      });
    const [guided = 0, explore = 0] = batches(two);
    expect(explore).toBeGreaterThan(0);
    expect(batches(one)).toEqual([guided + explore, 0]);
  });

  it("give every row that a hypothesis speaks of, and one run gives w/o Reward and w/o RM", () => {
    const rows = VARIANTS.flatMap((variant) => variant.rows.map(({ table, variant: name }) => `${table}: ${name}`));
    expect(new Set(rows).size).toBe(rows.length);
    for (const { table, a, b } of HYPOTHESES)
      expect(rows).toEqual(expect.arrayContaining([`${table}: ${a}`, `${table}: ${b}`]));
    const shared = VARIANTS.find(({ rows: own }) => own.some(({ variant }) => variant === "w/o RM"));
    expect(shared?.rows.map(({ variant }) => variant)).toEqual(["w/o Reward", "w/o RM"]);
  });
});

describe("budgets", () => {
  it("leave the world as it is, use no seed that it was settled on, and share none", () => {
    const seeds = [...quick.seeds, ...full.seeds];
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(Math.min(...seeds)).toBeGreaterThan(100);
    for (const budget of [quick, full]) {
      const { world, strata } = first(budget).data;
      expect(world).toEqual({ share: 0.8, noise: 0.1, drift: 0.005, distractors: 0, min_items: 2, max_items: 200 });
      expect(strata).toEqual({ seen: 500, unseen: 500, cold: 300 });
    }
    expect(full.seeds.length * first(full).data.strata.unseen).toBeGreaterThanOrEqual(2000);
  });

  it("put what the command line sets over every variant, before the variant's own", () => {
    const set = runsOf(quick, 1, ["guided.epochs=2", "rewards.tag=7"]);
    const of = (run: string) => set.find(({ variant }) => variant.run === run)?.config;
    expect(of("single-stage")?.guided.epochs).toBe(2 + quickExplore());
    expect(of("no-sft")?.rewards.tag).toBe(7);
    expect(of("no-tag")?.rewards.tag).toBe(0);
  });

  it("of the full kind ask for sensitivity on the first seeds: each weight halved and doubled, PRP-swap, three numbers of chains", () => {
    const runs = (seed: number) => runsOf(full, 8).filter((job) => job.seed === seed);
    expect(runs(201)).toHaveLength(VARIANTS.length + 12);
    expect(runs(208)).toHaveLength(VARIANTS.length);
    const of = (run: string) => runs(201).find(({ variant }) => variant.run === run)?.config;
    expect(of("personalization-twice")?.rewards.personalization).toBe(0.2);
    expect(of("tag-half")?.rewards.tag).toBe(0.05);
    expect(of("chains-300")?.sft.max_chains).toBe(300);
    expect(of("prp-swap")?.prmu.prp_against).toBe("other_profile");
    // TagPR stands in that table for the same seeds as the others, or their scores could not be read side by side.
    const rows = (seed: number) => runs(seed)[0]?.variant.rows.filter(({ table }) => table === "sensitivity").length;
    expect([rows(201), rows(208)]).toEqual([1, 0]);
  });
});

it("a command line names runs, or a table for all of its runs", () => {
  const asked = { budget: full, seeds: [201, 208], set: [], threads: 0 };
  const named = runsByName(asked);
  expect(named.get("tag-half")).toEqual(["tag-half"]);
  expect(named.get("reward-model")).toEqual(["tagpr", "no-reward", "untrained-rm", "no-user-embeddings"]);
  expect(named.get("ablation")).toHaveLength(6);
  expect(named.get("rivals")).toEqual(["gold-at-once", "rejection", "grounding", "general-rm", "oracle-rm"]);
  expect(named.get("sensitivity")).toHaveLength(12);
  expect(named.get("pairs")).toEqual(["tagpr", "prp-swap"]);
  for (const table of ["sensitivity", "pairs"]) expect(runsByName({ ...asked, seeds: [208] }).has(table)).toBe(false);
});

const quickExplore = (): number => first(quick).explore.epochs;

describe("the key of a run's settings", () => {
  it("stays what it is until the method changes: whoever adds a setting adds it to src/core/config/added.ts", () => {
    const keyOf = (run: string) => runsOf(full, 1).find(({ variant }) => variant.run === run)?.key;
    expect(["tagpr", "no-sft", "untagged", "no-reward"].map(keyOf)).toEqual(KEYS);
  });

  it("is that of the kept answers where they are told as they were made, and of those alone", () => {
    const asMade = join(packageRoot(), "bench", "results", "learning-full");
    const asked = { budget: full, seeds: [201], set: [], threads: 0, asMade };
    const kept = wantedOf(asked);
    expect(kept.map(({ variant }) => variant.run)).toContain("untagged");
    expect(kept.map(({ variant }) => variant.run)).not.toContain("grounding");
    for (const { key, variant } of kept)
      expect(JSON.parse(readFileSync(join(asMade, "seed-201", `${variant.run}.json`), "utf8"))).toMatchObject({ key });
    expect(wantedOf({ ...asked, only: ["tagpr", "rejection"] })).toHaveLength(1);
  });

  const keys = (set: readonly string[] = [], threads = 0) => runsOf(quick, 2, set, threads).map(({ key }) => key);

  it("is another for each run and seed, and for every setting that changes numbers", () => {
    expect(new Set([...keys(), ...keys(["guided.epochs=2"])]).size).toBe(4 * VARIANTS.length);
    expect(budgetKey(quick, [])).not.toBe(budgetKey(full, []));
  });

  it("is the same whatever the threads and devices, not the dtype", () => {
    expect(keys(["engines.policy.device=cuda"], 2)).toEqual(keys());
    expect(keys(["engines.policy.dtype=bfloat16"])).not.toEqual(keys());
  });
});

it("the plan makes data and chains once a seed and SFT twice, and counts nothing twice", async () => {
  const plan = await planOf(jobs, "no-such-folder");
  const own = (stage: string): string[] =>
    plan.filter((one) => one.stage === stage && one.sharedWith === null).map(({ run }) => run);
  expect(own("data")).toEqual(["tagpr"]);
  expect(own("chains")).toEqual(["tagpr"]);
  expect(own("sft")).toEqual(["tagpr", "untagged"]);
  const prmu = ["tagpr", "no-reward", "untagged", "untrained-rm", "no-user-embeddings", "general-rm", "oracle-rm"];
  expect(own("prmu")).toEqual(prmu);
  expect(own("guided")).toEqual(
    VARIANTS.map(({ run }) => run).filter((run) => run !== "gold-at-once" && run !== "rejection"),
  );
  // A rival trains what its row hangs on, and nothing else.
  expect(plan.flatMap(({ run, stage }) => (run === "gold-at-once" ? [stage] : []))).toEqual([
    ...["data", "gold", "eval"],
  ]);
  expect(plan.filter(({ sharedWith, seconds }) => sharedWith !== null && seconds > 0)).toEqual([]);
  const two = await planOf(runsOf(quick, 2), "no-such-folder");
  const total = (of: typeof plan): number => of.reduce((sum, { seconds }) => sum + seconds, 0);
  expect(total(two)).toBeCloseTo(2 * total(plan), 6);
  const text = planText(plan, { cores: 2, atOnce: 1, threads: 0 });
  expect(text).toMatch(/no-tag +(as tagpr +){4}/);
});

describe("runs side by side", () => {
  it("share the cores between their engines, except where the config says how many threads", () => {
    expect([1, 2, 3].map((atOnce) => threadsFor(2, atOnce))).toEqual([0, 1, 1]);
    expect([1, 2, 3, 8].map((atOnce) => threadsFor(16, atOnce))).toEqual([0, 8, 5, 2]);
    const threads = (set: string[]) =>
      runsOf(quick, 1, set, 3).map(({ config: { engines } }) =>
        [engines.policy, engines.reward, engines.embeddings].map((role) => role.threads),
      );
    expect(threads([])).toEqual(VARIANTS.map(() => [3, 3, 3]));
    expect(threads(["engines.reward.threads=5"])).toEqual(VARIANTS.map(() => [3, 5, 3]));
  });

  it("take as long as the lane that ends last, a seed's first run before its others; more threads than cores share them", () => {
    const wall = (seeds: number[][], atOnce: number, threads = 1) => wallSeconds(seeds, { cores: 2, atOnce, threads });
    expect(wall([[3], [3], [3]], 1, 0)).toBe(9);
    expect(wall([[3], [3], [3]], 2)).toBe(6);
    expect(wall([[5], [1], [1], [1]], 2)).toBe(5);
    expect(wall([[1, 1, 1, 1, 1]], 2)).toBe(3);
    expect(wall([[1, 4, 4], [2]], 2)).toBe(6);
    expect(wall([[3], [3], [3]], 3)).toBe(4.5);
    expect(wall([[2], [3]], 2, 2)).toBe(5);
    expect(wall([[0, 1], [0]], 2)).toBe(1);
    expect(wall([], 2)).toBe(0);
  });

  it("are planned with the threads that each has", async () => {
    const seconds = async (threads: number): Promise<number> =>
      (await planOf(runsOf(quick, 2, [], threads), "no-such-folder")).reduce((sum, one) => sum + one.seconds, 0);
    expect(await seconds(2)).toBe(await seconds(0));
    expect(await seconds(1)).toBeGreaterThan(await seconds(2));
    const text = planText(await planOf(runsOf(quick, 2, [], 1), "no-such-folder"), { cores: 2, atOnce: 2, threads: 1 });
    expect(text).toMatch(/Runs 2 side by side \(--jobs\) on 2 cores, each with an engine of one thread: .* \d+ h/);
  });
});

it("seeds are named by how many of the first or one by one; strangers are refused", () => {
  expect(seedsOf(full, undefined)).toEqual(full.seeds);
  expect(seedsOf(full, "3")).toEqual([201, 202, 203]);
  expect(seedsOf(full, "207,203,207")).toEqual([203, 207]);
  expect(seedsOf(full, "201,")).toEqual([201]);
  for (const bad of ["0", "9", "x", "1.5", ",", "101,201", ""]) expect(() => seedsOf(full, bad)).toThrow(/--seeds/);
  const sensitive = (seeds: string): number =>
    jobsOf({ budget: full, seeds: seedsOf(full, seeds), set: [], threads: 0 }).length;
  expect([sensitive("203,"), sensitive("207,208")]).toEqual([VARIANTS.length + 12, 2 * VARIANTS.length]);
});
