/**
 * `npm run bench -- W5 [options]`: one measurement against its peer, side by side; `--json` prints its numbers alone.
 * Without a name, all of them, as a table.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
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
  PLAN: "the cost model of --dry-run against the runs whose folders are given",
};

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

const [name = "", ...rest] = process.argv.slice(2);
if (name.toUpperCase() in { ...BENCHES, ...OTHERS }) process.exitCode = one(name, rest);
else if (name === "" || name.startsWith("--")) process.exitCode = table(process.argv.slice(2)) ? 0 : 1;
else {
  console.error(`There is no measurement ${name}. There are:`);
  for (const [key, what] of Object.entries({ ...BENCHES, ...OTHERS })) console.error(`  ${key}  ${what}`);
  process.exitCode = 2;
}
