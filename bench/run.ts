/**
 * `npm run bench -- W5 [options]`: one measurement against its peer, side by side; `--json` prints its numbers alone.
 * Without a name, all of them, as a table.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Measurement } from "./side-by-side.ts";

const BENCHES: Readonly<Record<string, string>> = {
  W1: "one GSPO step against TRL's GRPOTrainer",
  W2: "one SFT step against TRL's SFTTrainer",
  W3: "sampling a group a prompt against transformers' generate",
  W4: "one Bradley-Terry step against TRL's RewardTrainer",
  W5: "ROUGE and BM25 against rouge_score and rank_bm25",
  W6: "reading a LaMP-4 train file of full size, against json.load",
};

/** Measurements of another kind: no peer, so no row of the table. */
const OTHERS: Readonly<Record<string, string>> = {
  GPU: "W1 to W4 on a GPU in bf16, with the shapes of Qwen3-0.6B and 8B",
  GROWTH: "time of W1 against its FLOPs as prompts, roll-outs and lengths grow",
  LEARNING: "the paper's ablations on the synthetic world, with verdicts (docs/learning.md)",
  "OWN-DATA":
    "presets/own-data.yaml on people's data: sets × seeds × users shared or apart, resumable (docs/findings.md)",
  METHODS: "an evaluation of rows that train nothing beside its tokens alone (--queries, --methods)",
  EXPORT: "is an export read alike by transformers 5 and 4.57 (RUN… for runs' own exports)",
  SERVE: "tagpr serve beside transformers serve and llama.cpp's server; what it costs by itself",
  STORE:
    "finding items of a stored history of 100,000 (--items, --width, --postgres, --clock): first, warm, after a change; an erasure",
  PLAN: "the cost model of --dry-run against the runs whose folders are given; --memory CONFIG: its memory against the engine",
};

/** Those of W1 to W6 and of growth; the other measurements read their own. */
const OPTIONS = {
  json: { type: "boolean", what: "the numbers alone" },
  rounds: { type: "string", what: "N, after one that is not counted" },
  python: { type: "string", what: "the Python that has the peers (.venv's)" },
  quick: { type: "boolean", what: "W1 to W4, growth: 6 layers, short texts, few of them" },
  groups: { type: "string", what: "W1 to W4, growth: prompts" },
  prompt: { type: "string", what: "tokens of one" },
  rollouts: { type: "string", what: "responses a prompt" },
  completion: { type: "string", what: "tokens of one" },
  micro: { type: "string", what: "W1: sequences that the peer trains at a time; 0: all" },
  layers: { type: "string", what: "of the model's; 0: all" },
  clock: { type: "string", what: "wall or cpu" },
  threads: { type: "string", what: "of both sides; 0: all cores" },
  dtype: { type: "string", what: "float32 or bfloat16" },
  model: { type: "string", what: "a name or folder (smollm2-135m)" },
  file: { type: "string", what: "W6: a train file of LaMP-4" },
  megabytes: { type: "string", what: "W6: size of the one that is made up" },
} as const;
const OWN_OPTIONS = ["EXPORT", "GPU", "LEARNING", "METHODS", "OWN-DATA", "PLAN", "SERVE", "STORE"];

function usage(): string {
  const line = ([key, what]: readonly [string, string]): string => `  ${key.padEnd(14)}${what}`;
  return [
    "npm run bench -- [NAME] [options]: one measurement; without a name W1 to W6, a row each.",
    ...Object.entries({ ...BENCHES, ...OTHERS }).map(line),
    "Options of W1 to W6 and growth (gpu and learning have their own, plan wants folders of runs):",
    ...Object.entries(OPTIONS).map(([key, { what }]) => line([`--${key}`, what])),
  ].join("\n");
}

/** What is wrong with the options, in one sentence; null where nothing is. */
function faultIn(options: readonly string[]): string | null {
  try {
    parseArgs({ args: [...options], options: OPTIONS });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const script = (name: string): string => fileURLToPath(new URL(`./${name.toLowerCase()}.ts`, import.meta.url));

function one(name: string, options: readonly string[]): number {
  const args = ["--import", "tsx", script(name), ...options];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}

/** A row a measurement; answers whether all of them were made. */
function table(options: readonly string[]): boolean {
  const row = (cells: readonly string[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(4) : cell.padStart(14))).join(""));
  row(["", "ours, s", "peer, s", "ratio", "ours, GB", "peer, GB", "of the limit"]);
  const made = Object.keys(BENCHES).map((name) => {
    const args = ["--import", "tsx", script(name), ...options, "--json"];
    const { status, stdout } = spawnSync(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    if (status !== 0) return false;
    const found = JSON.parse(stdout.toString()) as Measurement;
    const { ours, peer, ratio, peak_gb, peer_peak_gb, of_limit } = found;
    const numbers = [ours, peer, ratio, peak_gb, peer_peak_gb, of_limit];
    row([name, ...numbers.map((value) => (value === null ? "–" : value.toFixed(2)))]);
    return true;
  });
  return made.every(Boolean);
}

const [first = "", ...others] = process.argv.slice(2);
const name = first.startsWith("--") ? "" : first.toUpperCase();
const options = first.startsWith("--") ? [first, ...others] : others;
const fault = OWN_OPTIONS.includes(name) ? null : faultIn(options.filter((text) => text !== "--help"));
if (options.includes("--help") && !["GPU", "LEARNING"].includes(name)) console.log(usage());
else if (name !== "" && !(name in { ...BENCHES, ...OTHERS })) {
  console.error(`There is no measurement ${first}.\n${usage()}`);
  process.exitCode = 2;
} else if (fault !== null) {
  console.error(`${fault}\n${usage()}`);
  process.exitCode = 2;
} else if (name !== "") process.exitCode = one(name, options);
else process.exitCode = table(options) ? 0 : 1;
