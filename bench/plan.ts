/**
 * `npm run bench -- plan RUN [RUN…]`: the plan of `--dry-run` beside what finished RL stages of runs took.
 * `npm run bench -- plan --memory CONFIG.yaml [KEY=VALUE…]`: its memory beside the engine's (`plan-memory.ts`).
 *
 * The plan is given the run's own mean lengths, so that what is compared is the cost model and not a guess about
 * lengths. `peak_now`: matrix products of as many threads, measured now, to tell whether the machine is the assumed one.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadConfig, parseOverride } from "../src/core/config/load.ts";
import { readJsonl } from "../src/core/jsonl.ts";
import { mean } from "../src/core/mean.ts";
import { testPython } from "../src/engine/testing/tiny-model.ts";
import { configOfRun } from "../src/model/record.ts";
import { readAssumptions } from "../src/run/plan/assumptions.ts";
import { passFlops, passSeconds } from "../src/run/plan/cost.ts";
import { machinesOf } from "../src/run/plan/machines.ts";
import { styleOf } from "../src/run/plan/plan.ts";
import { shapeOf } from "../src/run/plan/shape.ts";
import { taskSizes } from "../src/run/plan/sizes.ts";
import { workOf } from "../src/run/plan/work.ts";
import { compareMemory } from "./plan-memory.ts";

interface Timing {
  readonly sample_seconds?: number;
  readonly update_seconds?: number;
  readonly prompt_tokens: number;
  readonly tokens: number;
}
interface Metrics {
  readonly kind: string;
  readonly tokens_max: number;
  readonly tokens_mean: number;
  readonly groups_without_spread: number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** FLOP/s of fp32 matrix products: the best of some. */
function measuredPeak(threads: number): number {
  const code = `import time, torch
torch.set_num_threads(${threads}); a = torch.randn(1024, 1024); best = 9e9
for _ in range(20):
    t = time.perf_counter(); a @ a; best = min(best, time.perf_counter() - t)
print(2 * 1024**3 / best)`;
  const { stdout, stderr } = spawnSync(testPython(process.env), ["-c", code], { encoding: "utf8" });
  if (!(Number(stdout) > 0)) throw new Error(stderr);
  return Number(stdout);
}

async function compare(run: string, stage: "guided" | "explore"): Promise<unknown> {
  const config = configOfRun(run);
  const timings = readJsonl<Timing>(join(run, stage, "timings.jsonl")).filter((t) => t.sample_seconds !== undefined);
  const metrics = readJsonl<Metrics>(join(run, stage, "metrics.jsonl")).filter(({ kind }) => kind === "train");
  const { rollouts, batch } = config[stage];
  const threads = config.engines.policy.threads || 2;
  const lengths = {
    prompt_tokens: mean(timings.map((t) => t.prompt_tokens)) / batch,
    response_tokens: mean(metrics.map((m) => m.tokens_mean)),
    longest: mean(metrics.map((m) => m.tokens_max / m.tokens_mean)),
    with_gradient: 1 - mean(metrics.map((m) => m.groups_without_spread)),
  };
  const given = { ...lengths, cpu_flops: (readAssumptions([]).cpu_flops * threads) / 2 };
  const assumed = readAssumptions(Object.entries(given).map(([name, value]) => `${name}=${value}`));
  const work = workOf({ config, tasks: (await taskSizes(config)).tasks, assumed }).find((one) => one.stage === stage);
  const [machine] = machinesOf(config, assumed);
  if (work === undefined || machine === undefined) throw new Error(`no ${stage}`);
  const shape = await shapeOf(config.model, (name) => Promise.reject(new Error(`no ${name}`)));
  const style = styleOf(config, "policy");
  const updates = work.passes.filter(({ what }) => what === "updates" || what === "old log-probs");
  const sampling = work.passes.filter(({ what }) => what === "roll-outs");
  const seconds = (passes: typeof updates): number =>
    sum(passes.map((pass) => passSeconds(pass, shape, style, machine, assumed)));
  const flops = sum(updates.map((pass) => passFlops(pass, shape, style)));
  const updateSeconds = sum(timings.map((t) => t.update_seconds ?? 0));
  const pair = (plan: number, measured: number) => ({ planned: plan, measured, ratio: plan / measured });
  return {
    ...{ run, stage, threads, peak_assumed: machine.peak, peak_now: measuredPeak(threads), lengths },
    batches: pair(sampling[0]?.units ?? 0, timings.length),
    tokens_sampled: pair(sum(sampling.map((p) => p.groups * p.each * p.completion)), sum(timings.map((t) => t.tokens))),
    default_response_tokens: pair(
      (config[stage].max_tokens < 512 ? 0.4 : 0.15) * config[stage].max_tokens,
      lengths.response_tokens,
    ),
    default_prompt_tokens: pair(0.3 * config.prompt.max_tokens, lengths.prompt_tokens),
    sample_seconds: pair(seconds(sampling), sum(timings.map((t) => t.sample_seconds ?? 0))),
    update_seconds: pair(seconds(updates), updateSeconds),
    update_flops_per_second: flops / updateSeconds,
    ...{ rollouts, batch },
  };
}

async function memory([config = "", ...set]: readonly string[]): Promise<void> {
  const loaded = loadConfig(
    config,
    set.map((text) => parseOverride(text)),
  );
  console.log(JSON.stringify(await compareMemory(loaded), null, 2));
}

async function times(runs: readonly string[]): Promise<void> {
  const done = runs.flatMap((run) =>
    (["guided", "explore"] as const)
      .filter((stage) => existsSync(join(run, stage, "timings.jsonl")))
      .map((stage) => ({ run, stage })),
  );
  const idle = runs.filter((run) => !done.some((one) => one.run === run));
  if (runs.length === 0 || idle.length > 0) {
    const what =
      runs.length === 0 ? "no folder was given" : `no guided or exploratory RL was done in ${idle.join(", ")}`;
    console.error(`npm run bench -- plan RUN…: ${what}. Give folders of runs in which it was.`);
    process.exitCode = 2;
  } else for (const { run, stage } of done) console.log(JSON.stringify(await compare(run, stage), null, 2));
}

const [first = "", ...others] = process.argv.slice(2);
await (first === "--memory" ? memory(others) : times(process.argv.slice(2)));
