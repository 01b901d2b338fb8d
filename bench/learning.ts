/**
 * `npm run bench -- learning [--full] [--seeds N|A,B…] [--jobs N] [--only RUN,RUN…] [--from DIR [--as-made]] [--set key=value…] [--dry] [--json] [--out DIR]`
 *
 * The paper's ablation table and its Table 3 on the synthetic world: does it learn, and what of it is needed? Stopped
 * and started again it goes on; `--jobs` runs are trained side by side. Hypotheses, variants, budgets: docs/learning.md.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { App } from "../src/cli/app.ts";
import { measure, openEngines } from "../src/cli/engines.ts";
import { exitCodeOf, explain } from "../src/cli/failure.ts";
import { processIo } from "../src/cli/io.ts";
import { TagprError } from "../src/core/errors.ts";
import { takeAnswers } from "./learning/answers.ts";
import { threadsFor } from "./learning/at-once.ts";
import { type BenchOptions, jsonOf, runBench, wantedOf } from "./learning/bench.ts";
import { type Asked, BUDGETS, jobsOf, runsByName, seedsOf } from "./learning/budgets.ts";
import { BENCH_STAGES, planOf, planText } from "./learning/plan.ts";
import { tables } from "./learning/tables.ts";

const FLAGS = {
  full: { type: "boolean", default: false },
  seeds: { type: "string" },
  jobs: { type: "string" },
  only: { type: "string" },
  from: { type: "string" },
  "as-made": { type: "boolean", default: false },
  set: { type: "string", multiple: true, default: [] as string[] },
  dry: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  out: { type: "string" },
  debug: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const USAGE = `npm run bench -- learning [options] (docs/learning.md)
  --full             8 seeds, larger batches, sensitivity
  --seeds N|A,B…     so many of the budget's first seeds, or these
  --jobs N           runs side by side (default: the cores)
  --only RUN,RUN…    these runs alone, or a table's: ablation, reward-model, sensitivity, pairs
  --from DIR         take over the answers of runs done elsewhere: the folder answers of another --out
  --as-made          with --from: tell the tables from those answers alone, made with the settings of
                     their own revision; trains nothing
  --set key=value    over the budget of every variant: for trying out, no claim
  --out DIR          default runs/learning-quick or runs/learning-full
  --dry              the plan alone
  --json             {"rows", "paired", "ceilings"} on stdout, nothing else
  --debug            where an error came from
`;

function optionsOf(values: ReturnType<typeof read>, cores: number): BenchOptions {
  const budget = BUDGETS[values.full ? "full" : "quick"];
  if (values["as-made"] && values.from === undefined)
    throw new TagprError("usage", "--as-made tells kept answers: name their folder with --from", {
      hint: "bench/results holds those that the documents tell.",
    });
  const kept = values["as-made"] && values.from !== undefined ? { asMade: values.from } : {};
  const asked: Asked = { budget, seeds: seedsOf(budget, values.seeds), set: values.set, threads: 0, ...kept };
  const jobs = values.jobs === undefined ? cores : Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new TagprError("usage", `--jobs ${values.jobs}: so many runs can't be trained side by side`, {
      hint: "Give a whole number from 1 on; more than there are runs is as many as there are.",
    });
  const only = onlyOf(asked, values.only);
  const atOnce = Math.min(jobs, wantedOf({ ...asked, ...only }).length);
  const threads = threadsFor(cores, atOnce);
  return {
    ...asked,
    ...only,
    out: values.out ?? `runs/learning-${budget.name}${values["as-made"] ? "-as-made" : ""}`,
    atOnce,
    threads,
  };
}

function onlyOf(asked: Asked, text: string | undefined): { only?: readonly string[] } {
  if (text === undefined) return {};
  const known = runsByName(asked);
  const names = text.split(",");
  const stranger = names.find((name) => !known.has(name));
  if (stranger === undefined) return { only: names.flatMap((name) => known.get(name) ?? []) };
  throw new TagprError("usage", `--only ${text}: there is no run or table ${stranger || '""'}`, {
    hint: `There are: ${[...known.keys()].join(", ")}.`,
  });
}

function read(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS }).values;
  } catch (error) {
    throw new TagprError("usage", error instanceof Error ? error.message : String(error), {
      hint: "npm run bench -- learning --help lists the options.",
    });
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const io = processIo(argv);
  const cores = availableParallelism();
  try {
    const values = read(argv);
    if (values.help) {
      io.out(USAGE);
      return 0;
    }
    const options = optionsOf(values, cores);
    const all = jobsOf(options);
    // A plan starts nothing, but counts as done what is taken over.
    if (values.from !== undefined) takeAnswers(values.from, options.out, all);
    const jobs = wantedOf(options);
    const threads = jobs[0]?.config.engines.policy.threads ?? 0;
    const plan = planText(await planOf(jobs, options.out, all), { cores, threads, atOnce: options.atOnce });
    (values.dry ? io.out : io.err)(plan);
    if (values.dry) return 0;
    // A run's own table is not shown: nobody looks at the evaluation before all is done.
    const app: App = { io: { ...io, out: () => {} }, stages: BENCH_STAGES, openEngines, measure, outcome: { code: 0 } };
    const finding = await runBench(options, app);
    if (finding !== null) io.out(values.json ? `${JSON.stringify(jsonOf(finding), null, 2)}\n` : tables(finding));
    return app.outcome.code;
  } catch (error) {
    io.err(explain(error, argv.includes("--debug")));
    return exitCodeOf(error);
  }
}

process.exit(await main(process.argv.slice(2)));
