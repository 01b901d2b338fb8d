import { existsSync } from "node:fs";
import { join } from "node:path";
import { hashable } from "../../src/core/config/added.ts";
import { absolutePaths, loadConfig, parseOverride } from "../../src/core/config/load.ts";
import type { Config } from "../../src/core/config/schema.ts";
import { TagprError } from "../../src/core/errors.ts";
import { packageRoot } from "../../src/core/installation.ts";
import { readJson } from "../../src/core/jsonl.ts";
import { hashJson } from "../../src/core/run-dir.ts";
import { withThreads } from "./at-once.ts";
import { SENSITIVITY, SENSITIVITY_BASE, VARIANTS, type Variant } from "./variants.ts";

/** How much is trained and on which seeds. Settled before any claim seed was looked at (docs/learning.md). */
export interface Budget {
  readonly name: "quick" | "full";
  readonly seeds: readonly number[];
  /** So many of the first seeds have the sensitivity runs too. */
  readonly sensitivitySeeds: number;
  /** Over `presets/quickstart.yaml`. */
  readonly set: readonly string[];
}

/** 500 queries of seen users later, 500 of unseen ones with 8 items or more, 300 of those with one or two. */
const COMMON = [
  "data.strata={seen: 500, unseen: 500, cold: 300}",
  "sft.keep_checkpoints=1",
  "prmu.keep_checkpoints=1",
  "guided.keep_checkpoints=1",
  "explore.keep_checkpoints=1",
  "eval.swap=[]",
  // The scripted ones take no temperature; what answers are known by was hashed when 1 stood here by default.
  "judge.temperature=1",
  "tagger.temperature=1",
];

export const BUDGETS: Readonly<Record<Budget["name"], Budget>> = {
  // 2 epochs of SFT over some quarter of the chains, 300 pairs of a kind, 20 + 5 batches of 32 prompts.
  quick: {
    name: "quick",
    seeds: [101, 102, 103],
    sensitivitySeeds: 0,
    set: [
      ...COMMON,
      "data.dev=100",
      "sft.epochs=2",
      "sft.max_chains=900",
      "prmu.prp_pairs=300",
      "prmu.pqp_pairs=300",
      "guided.epochs=0.5",
      "guided.validate_every=10",
      "explore.epochs=0.125",
      "explore.validate_every=5",
    ],
  },
  // 2 epochs of SFT over all chains, 24 + 6 batches of 64 prompts.
  full: {
    name: "full",
    seeds: [201, 202, 203, 204, 205, 206, 207, 208],
    sensitivitySeeds: 3,
    set: [
      ...COMMON,
      "sft.epochs=2",
      "guided.batch=64",
      "guided.epochs=1.2",
      "guided.validate_every=8",
      "explore.batch=64",
      "explore.epochs=0.3",
      "explore.validate_every=6",
    ],
  },
};

/** One run of the bench. */
export interface Job {
  readonly seed: number;
  readonly variant: Variant;
  readonly config: Config;
  /** Of all settings that change its numbers; the same in every checkout and on every machine. */
  readonly key: string;
}

/** Folder of a run of the bench. */
export const runDir = (out: string, { seed, variant }: Pick<Job, "seed" | "variant">): string =>
  join(out, `seed-${seed}`, variant.run);

/** What of the command line the runs hang on. */
export interface Asked {
  readonly budget: Budget;
  /** Of the budget's. */
  readonly seeds: readonly number[];
  /** `key=value` over the budget of every variant. */
  readonly set: readonly string[];
  /** Of each engine, where the config leaves it open; 0 = all cores. */
  readonly threads: number;
  /** A folder of answers that are told as they were made: its runs alone, with the settings of their own revision. */
  readonly asMade?: string;
}

/** The key that a run's kept answers were made with; null where it has none. */
function keptKey(folder: string, seed: number, run: string): string | null {
  const path = join(folder, `seed-${seed}`, `${run}.json`);
  return existsSync(path) ? readJson<{ key: string }>(path).key : null;
}

/**
 * Seeds of the budget as the command line names them: so many of the first (`3`), or these (`201,205`; one alone: `201,`).
 * @throws TagprError of kind usage.
 */
export function seedsOf({ name, seeds }: Budget, text: string | undefined): readonly number[] {
  if (text === undefined) return seeds;
  const refuse = (what: string): never => {
    throw new TagprError("usage", `--seeds ${text}: ${what}`, {
      hint: `Give a whole number from 1 to ${seeds.length}, so many of the first, or some of ${seeds.join(",")}.`,
    });
  };
  if (!/^\d+(,\d+)*,?$/.test(text)) refuse("neither a number of seeds nor a list of them");
  const given = text
    .split(",")
    .filter((part) => part !== "")
    .map(Number);
  const [first = 0] = given;
  if (!text.includes(",")) {
    if (first < 1 || first > seeds.length) refuse(`the ${name} budget has ${seeds.length} seeds`);
    return seeds.slice(0, first);
  }
  const stranger = given.find((seed) => !seeds.includes(seed));
  if (stranger !== undefined) refuse(`${stranger} is no seed of the ${name} budget`);
  return [...new Set(given)].sort((a, b) => a - b);
}

/** Every run, seed after seed, TagPR's first: what it makes the others share. */
export function jobsOf({ budget, seeds, set, threads, asMade }: Asked): Job[] {
  const base = load([...budget.set, ...set]);
  const withConfig = (variants: readonly Variant[]) =>
    variants.map((variant) => ({ variant, config: configOf(budget, base, variant, set) }));
  const [plain, sensitive] = [withConfig(VARIANTS), withConfig(withSensitivity())];
  const first = budget.seeds.slice(0, budget.sensitivitySeeds);
  return seeds.flatMap((seed) =>
    (first.includes(seed) ? sensitive : plain).map(({ variant, config }): Job => {
      const name = `learning ${budget.name}, seed ${seed}, ${variant.run}`;
      const own = { ...absolutePaths(config, packageRoot(), existsSync), seed, name };
      return {
        seed,
        variant,
        config: { ...own, engines: withThreads(own.engines, threads) },
        key: (asMade === undefined ? null : keptKey(asMade, seed, variant.run)) ?? keyOf(config, seed),
      };
    }),
  );
}

/** What a command line may name: a table stands for all runs that it has rows of, a run for itself. */
export function runsByName(asked: Asked): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, Set<string>>();
  const add = (name: string, run: string): unknown => names.set(name, (names.get(name) ?? new Set()).add(run));
  const variants = jobsOf(asked).map(({ variant }) => variant);
  for (const { run, rows, rival } of variants)
    for (const { table } of rows) add(rival ? "rivals" : table.replaceAll(" ", "-"), run);
  for (const { run } of variants) add(run, run);
  return new Map([...names].map(([name, runs]) => [name, [...runs]]));
}

/** The run of the same seed that must be done before another begins: the first, whose stages the others take over. */
export function firstOf(jobs: readonly Job[]): (job: Job) => Job | null {
  const firsts = new Map(jobs.toReversed().map((job) => [job.seed, job]));
  return (job) => {
    const first = firsts.get(job.seed) ?? null;
    return first === job ? null : first;
  };
}

const withSensitivity = (): Variant[] => [
  ...VARIANTS.map((variant) =>
    variant.run === "tagpr" ? { ...variant, rows: [...variant.rows, ...SENSITIVITY_BASE] } : variant,
  ),
  ...SENSITIVITY,
];

/** The preset's methods when the first folders were made; every variant has its own. */
const METHODS_THEN = "eval.methods=[zero-shot, rag-r, sft-r, guided, tagpr]";

/** What a folder of the bench belongs to: the settings of no variant, of no seed. */
export const budgetKey = (budget: Budget, set: readonly string[]): string =>
  keyOf(load([...budget.set, ...set, METHODS_THEN]), null);

/** Threads and devices are the machine's business, dtypes are not; paths are still the preset's own, below the checkout. */
function keyOf(whole: Config, seed: number | null): string {
  const { engines, name: _, seed: __, ...config } = hashable(whole);
  const { policy, reward, embeddings } = engines;
  return hashJson({ config, seed, dtypes: [policy, reward, embeddings].map(({ dtype }) => dtype) });
}

function configOf(budget: Budget, base: Config, variant: Variant, set: readonly string[]): Config {
  const methods = [...new Set(variant.rows.map(({ method }) => method))];
  return load([...budget.set, ...set, ...variant.set(base), `eval.methods=[${methods.join(", ")}]`]);
}

function load(set: readonly string[]): Config {
  return loadConfig(
    join(packageRoot(), "presets", "quickstart.yaml"),
    set.map((text) => parseOverride(text)),
  );
}
