/**
 * `npm run bench -- gpu [options of bench/peers/gpu.py]`: W1 to W4 on this machine's GPU in bf16, absolute and as a share
 * of the rate of matrix products measured there. `--from FILE` reads what that program printed on another machine.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { flopsOf, type Shape } from "./lm/flops.ts";
import type { Size, Work } from "./lm/sizes.ts";
import { argument, median, PYTHON } from "./side-by-side.ts";

/** A line of bench/peers/gpu.py. `gemm`: FLOP/s; rounds in seconds by phase, the peer's as `whole` where it trains. */
interface Measured {
  readonly device: string;
  readonly gemm: number;
  readonly shape: string;
  readonly work: Work;
  readonly size: Size;
  readonly rank: number;
  readonly parameters: Shape;
  readonly without: readonly string[];
  readonly side: "ours" | "peer";
  readonly rounds: readonly Readonly<Record<string, number>>[];
  readonly peak_gb: number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** A frozen weight has no gradient of its own: of a training pass's three thirds LoRA leaves two. */
function flops({ work, parameters, size, rank }: Measured): Readonly<Record<string, number>> {
  const found = flopsOf(work, parameters, size);
  return rank > 0 && found.train !== undefined ? { ...found, train: (found.train * 2) / 3 } : found;
}

function row(one: Measured, all: readonly Measured[]): string[] {
  const phases = Object.keys(one.rounds[0] ?? {});
  const of = (phase: string): number => median(one.rounds.map((round) => round[phase] ?? Number.NaN));
  const seconds = median(one.rounds.map((round) => sum(Object.values(round))));
  const needed = flops(one);
  const use = (phase: string): string => {
    const count = needed[phase];
    return one.side === "peer" || count === undefined ? "" : ` (${((100 * count) / one.gemm / of(phase)).toFixed(0)}%)`;
  };
  const peer = all.find(
    (other) =>
      other.side === "peer" &&
      other.work === one.work &&
      other.shape === one.shape &&
      other.rank === one.rank &&
      sameSize(other.size, one.size),
  );
  const theirs = peer === undefined ? null : median(peer.rounds.map((round) => sum(Object.values(round))));
  const { groups, prompt, rollouts, completion } = one.size;
  return [
    one.work,
    `${one.shape}${one.rank > 0 ? `, LoRA ${one.rank}` : ""}`,
    `${groups} × ${prompt}, ${rollouts} × ${completion}`,
    one.side === "peer" ? "peer" : ["ours", ...one.without.map((what) => `without ${what}`)].join(", "),
    seconds.toFixed(3),
    phases.map((phase) => `${phase} ${of(phase).toFixed(3)}${use(phase)}`).join(", "),
    one.side === "ours" && theirs !== null ? (theirs / seconds).toFixed(1) : "",
    one.peak_gb.toFixed(1),
  ];
}

const sameSize = (a: Size, b: Size): boolean => JSON.stringify(a) === JSON.stringify(b);

function lines(): string {
  const from = argument("--from", "");
  if (from !== "") {
    if (existsSync(from)) return readFileSync(from, "utf8");
    console.error(`There is no file ${from}: --from wants what bench/peers/gpu.py printed.`);
    process.exit(2);
  }
  const script = join(import.meta.dirname, "peers/gpu.py");
  const options = process.argv.slice(2).filter((text) => text !== "--json");
  if (options.includes("--help")) process.exit(spawnSync(PYTHON, [script, "--help"], { stdio: "inherit" }).status ?? 1);
  const { status, stdout } = spawnSync(PYTHON, [script, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
  return stdout.toString();
}

const measured = lines()
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => JSON.parse(line) as Measured);
if (measured.length === 0) {
  console.error("No measurement: bench/peers/gpu.py prints one JSON line for each.");
  process.exitCode = 1;
} else if (process.argv.includes("--json")) console.log(JSON.stringify(measured));
else {
  const rate = median(measured.map(({ gemm }) => gemm / 1e12)).toFixed(0);
  const head = ["work", "shape", "size", "side", "seconds", "by phase", "peer ÷ ours", "GB"];
  const rows = [head, head.map(() => "---"), ...measured.map((one) => row(one, measured))];
  const about = `${measured[0]?.device}: matrix products at ${rate} TFLOP/s; in brackets the share of it that a phase's own make up`;
  console.log([about, "", ...rows.map((cells) => `| ${cells.join(" | ")} |`)].join("\n"));
}
