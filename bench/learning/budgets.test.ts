import { describe, expect, it } from "vitest";
import type { Config } from "../../src/core/config/schema.ts";
import { BUDGETS, budgetConfig, type Job, jobsOf } from "./budgets.ts";
import { HYPOTHESES } from "./hypotheses.ts";
import { planOf, planText } from "./plan.ts";
import { VARIANTS } from "./variants.ts";

const { quick, full } = BUDGETS;
const jobs = jobsOf(quick, 1, []);
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
    expect(differences("no-user-embeddings")).toEqual(["prmu.variant"]);
  });

  it.each([quick, full])("of one stage take as many batches as those of two ($name)", (budget) => {
    const [two, one] = ["tagpr", "single-stage"].map((run) =>
      jobsOf(budget, 1, []).find(({ variant }) => variant.run === run),
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
      const { world, strata } = budgetConfig(budget, []).data;
      expect(world).toEqual({ share: 0.8, noise: 0.1, drift: 0.005, distractors: 0, min_items: 2, max_items: 200 });
      expect(strata).toEqual({ seen: 500, unseen: 500, cold: 300 });
    }
    expect(full.seeds.length * budgetConfig(full, []).data.strata.unseen).toBeGreaterThanOrEqual(2000);
  });

  it("put what the command line sets over every variant, before the variant's own", () => {
    const set = jobsOf(quick, 1, ["guided.epochs=2", "rewards.tag=7"]);
    const of = (run: string) => set.find(({ variant }) => variant.run === run)?.config;
    expect(of("single-stage")?.guided.epochs).toBe(2 + quickExplore());
    expect(of("no-sft")?.rewards.tag).toBe(7);
    expect(of("no-tag")?.rewards.tag).toBe(0);
  });

  it("of the full kind ask for sensitivity on the first seeds: each weight halved and doubled, three numbers of chains", () => {
    const runs = (seed: number) => jobsOf(full, 8, []).filter((job) => job.seed === seed);
    expect(runs(201)).toHaveLength(VARIANTS.length + 11);
    expect(runs(208)).toHaveLength(VARIANTS.length);
    const of = (run: string) => runs(201).find(({ variant }) => variant.run === run)?.config;
    expect(of("personalization-twice")?.rewards.personalization).toBe(0.2);
    expect(of("tag-half")?.rewards.tag).toBe(0.05);
    expect(of("chains-300")?.sft.max_chains).toBe(300);
  });
});

const quickExplore = (): number => budgetConfig(quick, []).explore.epochs;

it("the plan makes data and chains once a seed and SFT twice, and counts nothing twice", async () => {
  const plan = await planOf(jobs, "no-such-folder");
  const own = (stage: string): string[] =>
    plan.filter((one) => one.stage === stage && one.sharedWith === null).map(({ run }) => run);
  expect(own("data")).toEqual(["tagpr"]);
  expect(own("chains")).toEqual(["tagpr"]);
  expect(own("sft")).toEqual(["tagpr", "untagged"]);
  expect(own("prmu")).toEqual(["tagpr", "no-reward", "untagged", "untrained-rm", "no-user-embeddings"]);
  expect(own("guided")).toHaveLength(VARIANTS.length);
  expect(plan.filter(({ sharedWith, seconds }) => sharedWith !== null && seconds > 0)).toEqual([]);
  const two = await planOf(jobsOf(quick, 2, []), "no-such-folder");
  const total = (of: typeof plan): number => of.reduce((sum, { seconds }) => sum + seconds, 0);
  expect(total(two)).toBeCloseTo(2 * total(plan), 6);
  expect(planText(plan)).toMatch(/no-tag +\. += tagpr|no-tag +(= tagpr +){4}/);
});
