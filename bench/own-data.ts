/**
 * The preset for one's own data on sets of real users: is what comes out better than what went in?
 *
 *   npm run bench -- own-data --data DIR… [--seeds 1,2,3] [--splits given,apart] [--out .cache/own-data] [--set KEY=VALUE…] [--tell]
 *
 * One run a set, split and seed, in folders of their own: what was stopped goes on, what is done is not done again. `given`
 * is the split of the files; `apart` keeps users apart: half of them train, the others are asked. `--tell` runs nothing.
 * A run that ends since it has too little to learn from (exit code 8) is a row that says so. Intervals: bootstrap over sets,
 * users and queries; a query's score is its mean over the seeds.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { groupBy } from "../src/core/group.ts";
import { readJson, readJsonl } from "../src/core/jsonl.ts";
import { mean } from "../src/core/mean.ts";
import { seedOf } from "../src/core/random.ts";
import type { Prediction } from "../src/eval/types.ts";
import { type ModelStage, modelPath, readModel } from "../src/model/files.ts";
import { hierarchicalMean, type Nested } from "../src/stats/bootstrap.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", multiple: true, default: [] },
    seeds: { type: "string", default: "1,2,3" },
    splits: { type: "string", default: "given,apart" },
    out: { type: "string", default: ".cache/own-data" },
    preset: { type: "string", default: "presets/own-data.yaml" },
    set: { type: "string", multiple: true, default: [] },
    tell: { type: "boolean", default: false },
  },
});
/** `--data A B` and `--data A --data B`. */
const folders = [...new Set([...flags.data, ...positionals].map((dir) => resolve(dir)))];
const out = resolve(flags.out);
const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
/** Rows of the table, and what each is compared with. */
const METHODS = ["zero-shot", "rag", "rag-r", "sft", "sft-r", "guided", "tagpr"] as const;
const AGAINST = ["rag-r", "rag", "zero-shot", "sft"] as const;

/** Whose guard is told of. */
const STAGES = ["sft", "guided", "explore", "gold"] as const;

interface Job {
  readonly set: string;
  readonly split: string;
  readonly run: string;
  readonly data: string;
  readonly seed: string;
}

/** What is wrong with what was asked; runs are kept under a folder's own name. */
function fault(): string | null {
  if (folders.length === 0) return "Name one or more folders in LaMP's layout";
  const bare = folders.find((dir) => !existsSync(join(dir, "train_questions.json")));
  if (bare !== undefined) return `${bare} has no train_questions.json`;
  const twice = folders.find((dir) => folders.some((other) => other !== dir && basename(other) === basename(dir)));
  if (twice !== undefined) return `Several folders are called ${basename(twice)}: give each a name of its own`;
  const split = flags.splits.split(",").find((one) => one !== "given" && one !== "apart");
  return split === undefined ? null : `There is no split "${split}"`;
}

const wrong = fault();
if (wrong !== null) {
  console.error(`${wrong}: npm run bench -- own-data --data DIR… [--seeds 1,2,3] [--splits given,apart]`);
  process.exit(2);
}

const jobs = folders.flatMap((dir) =>
  flags.splits.split(",").flatMap((split) =>
    flags.seeds.split(",").map((seed): Job => {
      const set = basename(dir);
      const data = split === "apart" ? join(out, "data", set) : dir;
      if (split === "apart") keepApart(dir, data);
      return { set, split, seed, data, run: join(out, `${set}-${split}-${seed}`) };
    }),
  ),
);

/** Train and dev of other users, in LaMP's files: half of the users by name train, all queries of the others are asked. */
function keepApart(from: string, to: string): void {
  if (existsSync(join(to, "dev_outputs.json"))) return;
  mkdirSync(to, { recursive: true });
  const task = join(from, "task.yaml");
  if (existsSync(task)) copyFileSync(task, join(to, "task.yaml"));
  type Question = { readonly id: string; readonly user_id: string };
  type Outputs = { readonly task: string; readonly golds: readonly { readonly id: string }[] };
  const read = <T>(name: string): T => readJson<T>(join(from, `${name}.json`));
  const questions = ["train", "dev"].flatMap((name) => read<Question[]>(`${name}_questions`));
  const outputs = ["train", "dev"].map((name) => read<Outputs>(`${name}_outputs`));
  const trains = ({ user_id }: Question): boolean => seedOf("apart", user_id) % 2 === 0;
  for (const split of ["train", "dev"]) {
    const own = questions.filter((question) => trains(question) === (split === "train"));
    const ids = new Set(own.map(({ id }) => id));
    const golds = outputs.flatMap((file) => file.golds).filter(({ id }) => ids.has(id));
    writeFileSync(join(to, `${split}_questions.json`), JSON.stringify(own));
    writeFileSync(join(to, `${split}_outputs.json`), JSON.stringify({ task: outputs[0]?.task, golds }));
  }
}

const isDone = ({ run }: Job): boolean => existsSync(join(run, "result.json"));
/** Stands where a run ended before it trained. */
const ended = ({ run }: Job): string => `${run}.too-little`;
if (!flags.tell)
  for (const job of jobs) {
    if (isDone(job)) continue;
    console.error(`${job.set}, ${job.split}, seed ${job.seed}: ${new Date().toISOString()}`);
    const args = ["run", flags.preset, "--data", job.data, "--out", job.run, "--seed", job.seed];
    const sets = flags.set.flatMap((one) => ["--set", one]);
    const { status } = spawnSync(process.execPath, ["--import", "tsx", MAIN, ...args, ...sets], { stdio: "inherit" });
    if (status === 8) writeFileSync(ended(job), "");
    else if (status !== 0) process.exit(status ?? 1);
  }

/** Scores of a method by query: `[set, user]`, its mean over the runs that are done. */
function scores(method: string, of: readonly Job[]): Map<string, Nested> {
  const all = new Map<string, { readonly levels: readonly string[]; readonly values: number[] }>();
  for (const { set, split, run } of of)
    for (const { query, user, lenientScore } of readJsonl<Prediction>(join(run, "eval", `${method}.jsonl`))) {
      const key = `${set} ${split} ${query}`;
      const one = all.get(key) ?? { levels: [`${set} ${split}`, user ?? query], values: [] };
      one.values.push(lenientScore);
      all.set(key, one);
    }
  return new Map([...all].map(([key, { levels, values }]) => [key, { levels, value: mean(values) }]));
}

const shown = (rows: readonly Nested[], name: string): string => {
  const { mean: value, low, high, n } = hierarchicalMean(rows, { name: ["own-data", name], resamples: 2000 });
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}], ${n} queries`;
};

/** `2 of 3`: runs in which the guard held back what a stage trained. */
function kept(stage: ModelStage, of: readonly Job[]): string {
  const files = of.flatMap(({ run }) => (existsSync(modelPath(run, stage)) ? readModel(run, stage) : []));
  return `${files.filter(({ guard }) => guard?.kept === "start").length} of ${files.length}`;
}

function tell(title: string, of: readonly Job[]): void {
  const done = of.filter(isDone);
  console.log(`\n${title}: ${done.length} of ${of.length} runs`);
  const short = of.filter((job) => !isDone(job) && existsSync(ended(job)));
  if (short.length > 0) console.log(`  ${short.length} ended before they trained: too little to learn from`);
  if (done.length === 0) return;
  for (const method of METHODS) {
    const truth = done
      .flatMap(({ run }) => readJsonl<Prediction>(join(run, "eval", `${method}.jsonl`)))
      .flatMap((p) => p.truth?.deciding ?? []);
    const decides =
      truth.length === 0 ? "" : `; deciding statement true in ${mean(truth.map(Number)).toFixed(2)} of ${truth.length}`;
    console.log(`  ${method.padEnd(10)} ${shown([...scores(method, done).values()], `${title} ${method}`)}${decides}`);
  }
  console.log(
    `  what a stage began with was handed on: ${STAGES.map((stage) => `${stage} ${kept(stage, done)}`).join(", ")}`,
  );
  const ours = scores("tagpr", done);
  for (const other of AGAINST) {
    const theirs = scores(other, done);
    const rows = [...ours].flatMap(([key, { levels, value }]) => {
      const their = theirs.get(key);
      return their === undefined ? [] : [{ levels, value: value - their.value }];
    });
    console.log(`  tagpr − ${other.padEnd(10)} ${shown(rows, `${title} minus ${other}`)}`);
  }
}

const titles = groupBy(jobs, ({ set, split }) => `${set}, users ${split === "apart" ? "apart" : "as given"}`);
for (const [title, of] of titles) tell(title, of);
if (titles.size > 1) tell("pooled", jobs);
