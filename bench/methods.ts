/**
 * `npm run bench -- METHODS [--queries 1000] [--methods a,b]`: what an evaluation of rows that train nothing costs beside
 * its tokens alone, in processor seconds. The whole command (`presets/methods-free.yaml`: data, evaluation, engine's start)
 * is measured, but for the report's pictures, against an engine that samples the same requests, each distinct prompt once: what any evaluation would have
 * to compute. Reads `/proc`, so on Linux alone.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../src/cli/cli.ts";
import { openEngines } from "../src/cli/engines.ts";
import { processIo } from "../src/cli/io.ts";
import { groupBy } from "../src/core/group.ts";
import { packageRoot } from "../src/core/installation.ts";
import type { Engines } from "../src/engine/engines.ts";
import type { SampleRequest } from "../src/engine/types.ts";
import { configOfRun } from "../src/model/record.ts";
import { STAGES } from "../src/run/stages/index.ts";
import { argument, say } from "./side-by-side.ts";

/** Clock ticks a second of `/proc`, on every Linux that Node runs on. */
const TICKS = 100;

/** Processor seconds so far of this process and all below it, ended ones included where they were waited for. */
function treeSeconds(root = process.pid): number {
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, "utf8");
        const fields = text
          .slice(text.lastIndexOf(")") + 2)
          .split(" ")
          .map(Number);
        const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + (fields[i] ?? 0), 0);
        return [{ pid: Number(pid), parent: fields[1] ?? 0, ticks }];
      } catch {
        return []; // ended meanwhile
      }
    });
  const children = groupBy(stats, ({ parent }) => parent);
  const below = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, one) => sum + one.ticks + below(one.pid), 0);
  return ((stats.find(({ pid }) => pid === root)?.ticks ?? 0) + below(root)) / TICKS;
}

/** Engines that note what is sampled from the policy, and the processor seconds meanwhile. */
function noting(engines: Engines, noted: SampleRequest[], spent: { seconds: number }): Engines {
  return {
    ...engines,
    policy: async () => {
      const engine = await engines.policy();
      return {
        ...engine,
        sampler: async (path) => {
          const sampler = await engine.sampler(path);
          return {
            ...sampler,
            sample: async (requests) => {
              const before = treeSeconds();
              const answers = await sampler.sample(requests);
              spent.seconds += treeSeconds() - before;
              noted.push(...requests);
              return answers;
            },
          };
        },
      };
    },
  };
}

const queries = argument("--queries", "1000");
const methods = argument("--methods", "");
const run = mkdtempSync(join(tmpdir(), "methods-"));
const io = processIo([]);
const noted: SampleRequest[] = [];
const spent = { seconds: 0 };

const before = treeSeconds();
const users = Math.max(100, Math.ceil(Number(queries) / 2));
const code = await main(
  [
    ...["eval", join(packageRoot(), "presets", "methods-free.yaml"), "--out", run],
    ...["--set", `data.test=${queries}`, `data.users.test=${users}`],
    ...["engines.policy.threads=1", "engines.reward.threads=1", "engines.embeddings.threads=1"],
    ...(methods === "" ? [] : ["--methods", methods]),
  ],
  { ...io, out: () => {} },
  {
    stages: STAGES.filter(({ name }) => name !== "report"),
    openEngines: (options) => noting(openEngines(options), noted, spent),
  },
);
if (code !== 0) process.exit(code);
const whole = treeSeconds() - before;

const config = configOfRun(run);
const prompts = [...groupBy(noted, ({ prompt }) => prompt.join(" ")).values()];
const engines = openEngines({ config, run, io });
const sampler = await (await engines.policy()).sampler(config.model);
await sampler.sample(prompts[0] ?? []);
const started = treeSeconds();
let tokens = 0;
for (let at = 0; at < prompts.length; at += config.eval.batch) {
  const unit = prompts.slice(at, at + config.eval.batch);
  const answers = await sampler.sample(unit.flat());
  tokens += unit.reduce((sum, [first]) => sum + (first?.prompt.length ?? 0), 0);
  tokens += answers.flat().reduce((sum, one) => sum + one.tokens.length, 0);
}
const alone = treeSeconds() - started;
await engines.close();
rmSync(run, { recursive: true });

const numbers = {
  ...{ queries: Number(queries), prompts: prompts.length, tokens },
  ...{ whole_seconds: whole, sampling_seconds: spent.seconds, alone_seconds: alone, ratio: whole / alone },
};
say(
  [
    `${queries} queries: ${prompts.length} distinct prompts, ${tokens} tokens with what was said.`,
    `The whole evaluation: ${whole.toFixed(1)} processor seconds, ${spent.seconds.toFixed(1)} of them while it sampled.`,
    `The same tokens by the engine alone, each prompt once: ${alone.toFixed(1)}.`,
    `Ratio ${(whole / alone).toFixed(2)}.`,
  ].join("\n"),
);
if (process.argv.includes("--json")) console.log(JSON.stringify(numbers));
