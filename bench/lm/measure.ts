import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveModelDir } from "../../src/engine/model-dir.ts";
import {
  argument,
  type Measurement,
  median,
  needPeers,
  type Peer,
  PYTHON,
  say,
  sayJson,
  startPeer,
  type Timed,
} from "../side-by-side.ts";
import { flopsOf, type Shape } from "./flops.ts";
import { type Ours, type Round, startOurs, type Tokens } from "./ours.ts";
import { microOf, type Size, sizeOf, text, type Work } from "./sizes.ts";

const ROOT = join(import.meta.dirname, "../..");
export const CLOCK = argument("--clock", "wall") === "cpu" ? "cpu" : "wall";

export interface Loaded extends Tokens {
  readonly parameters: Shape;
}

export interface Bench {
  readonly peer: Peer;
  readonly loaded: Loaded;
  readonly folder: string;
  readonly options: { readonly dtype: "float32" | "bfloat16"; readonly threads: number; readonly scratch: string };
  close(): void;
}

/** The peers' program with the model and the tokens of this size; `alone` where no peer will be asked. */
export async function open(work: Work, size: Size, alone: boolean): Promise<Bench> {
  if (!alone) needPeers();
  const scratch = mkdtempSync(join(tmpdir(), "tagpr-bench-"));
  const modelsDir = join(ROOT, ".cache/models");
  const model = await resolveModelDir(argument("--model", "smollm2-135m"), {
    modelsDir,
    python: PYTHON,
    env: process.env,
  });
  const folder = join(scratch, "model");
  const dtype = argument("--dtype", "float32") === "bfloat16" ? "bfloat16" : "float32";
  const threads = Number(argument("--threads", "0"));
  const peer = await startPeer(join(ROOT, "bench/peers/lm.py"));
  const micro = microOf(work);
  const loaded = await peer.ask<Loaded>({
    load: { work, ...size, micro, model, folder, scratch, dtype, threads, alone },
  });
  if (micro > 0 && !alone) say(`The peer trains ${micro} sequences at a time, which takes less memory.`);
  const close = (): void => {
    peer.stop();
    rmSync(scratch, { recursive: true, force: true });
  };
  return { peer, loaded, folder, options: { dtype, threads, scratch }, close };
}

export const oursOf = (work: Work, size: Size, { loaded, folder, options }: Bench): Promise<Ours> =>
  startOurs(work, size, loaded, { ...options, python: PYTHON, model: folder });

const middle = (rounds: readonly Timed[], clock: "wall" | "cpu"): number => median(rounds.map((one) => one[clock]));

/** Measured FLOP/s of fp32 matrix products, by `CLOCK`: of all threads a second, or of one a processor second. */
async function gemm(peer: Peer): Promise<number> {
  const { flops, threads } = await peer.ask<{ flops: number; threads: number }>({ work: "gemm" });
  return CLOCK === "wall" ? flops : flops / threads;
}

interface Numbers {
  readonly mine: readonly Round[];
  readonly theirs: readonly (Timed & { peak: number })[];
  readonly rates: readonly number[];
}

async function alternate({ peer }: Bench, ours: Ours, rounds: number): Promise<Numbers> {
  const found = { mine: [] as Round[], theirs: [] as (Timed & { peak: number })[], rates: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    const mine = await ours.round();
    found.rates.push(await gemm(peer));
    const theirs = await peer.ask<Timed & { peak: number }>({ work: "peer" });
    if (round < 0) continue; // both warm
    found.mine.push(mine);
    found.theirs.push(theirs);
  }
  return found;
}

function report(work: Work, size: Size, shape: Shape, cut: string | null, { mine, theirs, rates }: Numbers) {
  const flops = Object.values(flopsOf(work, shape, size)).reduce((a, b) => a + b, 0);
  const [ours, peer] = [middle(mine, CLOCK), middle(theirs, CLOCK)];
  const rate = Math.max(...rates);
  const phases = Object.keys(mine[0]?.phases ?? {}).map((name) => {
    const all = mine.map((round) => round.phases[name] ?? { wall: Number.NaN, cpu: Number.NaN });
    return [name, middle(all, CLOCK)] as const;
  });
  const numbers: Measurement = {
    ...{ ours, peer, ratio: peer / ours },
    peak_gb: Math.max(...mine.map(({ peak }) => peak ?? Number.NaN)),
    peer_peak_gb: Math.max(...theirs.map(({ peak }) => peak)),
    of_limit: flops / rate / ours,
  };
  const other = CLOCK === "wall" ? "cpu" : "wall";
  const ratioOther = middle(theirs, other) / middle(mine, other);
  return {
    ...numbers,
    clock: CLOCK,
    [`ratio_${other}`]: ratioOther,
    gemm_gflops: rate / 1e9,
    phases: Object.fromEntries(phases),
    size: text(size),
    cut,
  };
}

/**
 * One of W1 to W4: peer and ours alternate; printed are medians, by the wall or (`--clock cpu`) by the processor.
 * `of_limit` is the FLOPs that our engine needs ÷ the measured rate of matrix products ÷ the time it took.
 */
export async function measure(work: Work): Promise<void> {
  const { size, cut } = sizeOf(work);
  if (cut !== null) console.error(`${work} is ${cut}`);
  const bench = await open(work, size, false);
  try {
    const ours = await oursOf(work, size, bench);
    const numbers = await alternate(bench, ours, Number(argument("--rounds", "3")));
    await ours.close();
    const found = report(work, size, bench.loaded.parameters, cut, numbers);
    const { peer, ratio, peer_peak_gb, of_limit } = found;
    say(
      `${work}, ${found.size}, ${CLOCK} seconds: peer ${peer?.toFixed(2)}, ours ${found.ours.toFixed(2)}, ${ratio?.toFixed(2)}×`,
    );
    say(
      `  peak: peer ${peer_peak_gb?.toFixed(2)} GB, ours ${found.peak_gb.toFixed(2)} GB; ${((of_limit ?? 0) * 100).toFixed(0)}% of what ${found.gemm_gflops.toFixed(0)} GFLOP/s allow`,
    );
    say(
      `  ${Object.entries(found.phases)
        .map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`)
        .join(", ")}`,
    );
    sayJson(found);
  } finally {
    bench.close();
  }
}
