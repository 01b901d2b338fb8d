/**
 * The preset for one's own data on sets of real users: is what comes out better than what went in?
 *
 *   npm run bench -- own-data --data DIR… [--seeds 1,2,3] [--splits given,apart] [--out .cache/own-data] [--set KEY=VALUE…]
 *     [--results bench/results/own-data] [--tell]
 *
 * One run a set, split and seed, in folders of their own: what was stopped goes on, what is done is not done again. What a
 * run answered is kept in `--results`, scores alone, without texts; a run that is kept there is not made again. `given`
 * is the split of the files; `apart` keeps users apart: half of them train, the others are asked. `--tell` runs nothing.
 * A run that ends since it has too little to learn from (exit code 8) is a row that says so. Intervals: bootstrap over sets,
 * seeds, users and queries; a query's score is its mean over the seeds.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { revision } from "../src/cli/revision.ts";
import { groupBy } from "../src/core/group.ts";
import { packageRoot } from "../src/core/installation.ts";
import { readJson } from "../src/core/jsonl.ts";
import { seedOf } from "../src/core/random.ts";
import { keep, keepEnded, keptPath, readKept } from "./own-data/kept.ts";
import { told } from "./own-data/tell.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", multiple: true, default: [] },
    seeds: { type: "string", default: "1,2,3" },
    splits: { type: "string", default: "given,apart" },
    out: { type: "string", default: ".cache/own-data" },
    preset: { type: "string", default: "presets/own-data.yaml" },
    set: { type: "string", multiple: true, default: [] },
    results: { type: "string", default: "bench/results/own-data" },
    tell: { type: "boolean", default: false },
  },
});
/** `--data A B` and `--data A --data B`. */
const folders = [...new Set([...flags.data, ...positionals].map((dir) => resolve(dir)))];
const out = resolve(flags.out);
const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
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

const checkout = revision(packageRoot()) ?? "unknown";
if (!flags.tell)
  for (const job of jobs) {
    const { set, split, seed, run } = job;
    const path = keptPath(flags.results, job);
    if (existsSync(path)) continue;
    const done = existsSync(join(run, "result.json")) ? { status: 0, seconds: null } : made(job);
    if (done.status !== 0 && done.status !== 8) process.exit(done.status);
    const of = { set, split, seed, seconds: done.seconds, revision: checkout };
    if (done.status === 8) keepEnded(path, { ...of, ended: "too little to learn from" });
    else keep(path, run, { ...of, ended: null });
  }

/** Runs the preset, or goes on with it; its exit code, and the seconds of a run that was not begun before. */
function made({ set, split, seed, run, data }: Job): { readonly status: number; readonly seconds: number | null } {
  console.error(`${set}, ${split}, seed ${seed}: ${new Date().toISOString()}`);
  const [fresh, from] = [!existsSync(run), performance.now()];
  const args = ["run", flags.preset, "--data", data, "--out", run, "--seed", seed];
  const sets = flags.set.flatMap((one) => ["--set", one]);
  const { status } = spawnSync(process.execPath, ["--import", "tsx", MAIN, ...args, ...sets], { stdio: "inherit" });
  return { status: status ?? 1, seconds: fresh ? Math.round((performance.now() - from) / 1000) : null };
}

const titles = groupBy(jobs, ({ set, split }) => `${set}, users ${split === "apart" ? "apart" : "as given"}`);
const keptOf = (of: readonly Job[]) => of.flatMap((job) => readKept(keptPath(flags.results, job)) ?? []);
for (const [title, of] of titles) console.log(`\n${told(title, keptOf(of), of.length).join("\n")}`);
if (titles.size > 1) console.log(`\n${told("pooled", keptOf(jobs), jobs.length).join("\n")}`);
