import { duration } from "../../src/cli/progress/eta.ts";
import { align } from "../../src/cli/table.ts";
import { groupBy } from "../../src/core/group.ts";
import { hashJson, readSeal } from "../../src/core/run-dir.ts";
import type { StageName } from "../../src/core/stages.ts";
import { stagesFor } from "../../src/run/needed.ts";
import { readAssumptions } from "../../src/run/plan/assumptions.ts";
import { makePlan } from "../../src/run/plan/plan.ts";
import { shapeOf } from "../../src/run/plan/shape.ts";
import { taskSizes } from "../../src/run/plan/sizes.ts";
import type { Stage } from "../../src/run/stage.ts";
import { STAGES } from "../../src/run/stages/index.ts";
import { answersIn, answersOf } from "./answers.ts";
import { type Job, runDir } from "./budgets.ts";

/** The stages of the bench: the report of a single run is nobody's question. */
export const BENCH_STAGES: readonly Stage[] = STAGES.filter(({ name }) => name !== "report");

export interface PlannedStage {
  readonly seed: number;
  readonly run: string;
  readonly stage: StageName;
  /** The run that has done the same or does it before, on the same seed; null where it is done here. */
  readonly sharedWith: string | null;
  /** Whether it is finished in this folder. */
  readonly done: boolean;
  /** Seconds by the cost model of `--dry-run` (docs/paper-run.md), 0 where it is shared. */
  readonly seconds: number;
}

/** What is done and what is shared, without starting anything: of `jobs`, of `all` that the folder may hold. */
export async function planOf(jobs: readonly Job[], out: string, all = jobs): Promise<PlannedStage[]> {
  const isMade = (job: Job, stage: StageName): boolean => readSeal(runDir(out, job), stage) !== null;
  const made = new Map<string, string>();
  for (const job of all)
    for (const [stage, key] of dryKeys(job)) if (isMade(job, stage) && !made.has(key)) made.set(key, job.variant.run);
  const planned: PlannedStage[] = [];
  for (const job of jobs) {
    const { seed, variant } = job;
    const seconds = await secondsOf(job);
    const answered = answersOf(answersIn(out), job) !== null;
    for (const [stage, key] of dryKeys(job)) {
      if (answered) {
        // Its files may be elsewhere or gone: nobody can count on them.
        planned.push({ seed, run: variant.run, stage, sharedWith: null, done: true, seconds: seconds[stage] ?? 0 });
        continue;
      }
      const maker = made.get(key) ?? variant.run;
      made.set(key, maker);
      const sharedWith = maker === variant.run ? null : maker;
      const own = sharedWith === null ? (seconds[stage] ?? 0) : 0;
      planned.push({ seed, run: variant.run, stage, sharedWith, done: isMade(job, stage), seconds: own });
    }
  }
  return planned;
}

/** Equal where the stages' real keys will be: config and the keys of what is read, in place of its content. */
function dryKeys({ config }: Job): Map<StageName, string> {
  const keys = new Map<StageName, string>();
  const needed = stagesFor(BENCH_STAGES, config);
  for (const stage of BENCH_STAGES.filter(({ name }) => needed.includes(name))) {
    const sources = [...new Set(stage.reads(config).map((file) => file.split("/")[0] as StageName))].sort();
    const inputs = sources.map((source) => keys.get(source));
    keys.set(stage.name, hashJson({ stage: stage.name, seed: config.seed, config: stage.config(config), inputs }));
  }
  return keys;
}

/** FLOP/s of a thread: `cpu_flops` of the cost model's assumptions is that of two. */
const THREAD_FLOPS = 7.5e10;

async function secondsOf({ config }: Job): Promise<Partial<Record<StageName, number>>> {
  const locate = (name: string): Promise<string> => Promise.resolve(name);
  const policy = await shapeOf(config.model, locate);
  const { threads } = config.engines.policy;
  const assumed = readAssumptions(threads === 0 ? [] : [`cpu_flops=${threads * THREAD_FLOPS}`]);
  const plan = makePlan({ config, assumed, policy, reward: policy, ...(await taskSizes(config)) });
  return Object.fromEntries(plan.stages.map(({ stage, hours }) => [stage, 3600 * (hours[0] ?? 0)]));
}

/** How the runs share a machine. */
export interface Sharing {
  readonly cores: number;
  /** So many runs are trained side by side. */
  readonly atOnce: number;
  /** Of each one's engine; 0 = all cores. */
  readonly threads: number;
}

/** A row a run of the first seed, what it shares, and how long all seeds may take. */
export function planText(planned: readonly PlannedStage[], sharing: Sharing): string {
  const { cores, atOnce, threads } = sharing;
  const seeds = [...groupBy(planned, ({ seed }) => seed)];
  const [first = 0, ofFirst = []] = seeds[0] ?? [];
  const runs = groupBy(ofFirst, ({ run }) => run);
  const cell = ({ sharedWith, done, seconds }: PlannedStage): string =>
    done ? "done" : sharedWith === null ? (seconds < 1 ? "·" : duration(seconds)) : `as ${sharedWith}`;
  const names = BENCH_STAGES.map(({ name }) => name).filter((name) => ofFirst.some(({ stage }) => stage === name));
  const cells = (own: readonly PlannedStage[]): string[] =>
    names.map((name) => own.filter(({ stage }) => stage === name).map(cell)[0] ?? "");
  const wall = (counts: (one: PlannedStage) => boolean): string => {
    const each = seeds.map(([, own]) =>
      [...groupBy(own, ({ run }) => run).values()].map((stages) =>
        stages.filter(counts).reduce((sum, one) => sum + one.seconds, 0),
      ),
    );
    return duration(wallSeconds(each, sharing));
  };
  const way =
    atOnce === 1 ? "one after another" : `${atOnce} side by side (--jobs) on ${cores} core${cores === 1 ? "" : "s"}`;
  const engine = `an engine of ${threads === 0 ? "2 threads" : threads === 1 ? "one thread" : `${threads} threads`}`;
  return [
    `Seeds ${seeds.map(([seed]) => seed).join(", ")}; of seed ${first}:`,
    ...align([["run", ...names], ...[...runs].map(([run, own]) => [run, ...cells(own)])]),
    `Runs ${way}, each with ${engine}: by the cost model of docs/paper-run.md (AVX2 cores with nothing else to do) ${wall(() => true)}, of which ${wall(({ done }) => !done)} are left.`,
    "",
  ].join("\n");
}

/**
 * Until the last run is done: `seeds[s]` are the seconds of its runs with cores of their own, the first before the others.
 * The next one begins as soon as there is room, and more threads than cores share them evenly.
 */
export function wallSeconds(seeds: readonly (readonly number[])[], { cores, atOnce, threads }: Sharing): number {
  const waiting = seeds.map(([first = 0, ...others]) => ({ left: first, others }));
  let going: typeof waiting = [];
  let wall = 0;
  while (waiting.length + going.length > 0) {
    going.push(...waiting.splice(0, atOnce - going.length));
    const least = Math.min(...going.map(({ left }) => left));
    wall += least * Math.max(1, (threads * going.length) / cores);
    going = going.map(({ left, others }) => ({ left: left - least, others }));
    const next = going.flatMap(({ left, others }) => (left > 0 ? [] : others));
    waiting.push(...next.map((left) => ({ left, others: [] })));
    going = going.filter(({ left }) => left > 0);
  }
  return wall;
}
