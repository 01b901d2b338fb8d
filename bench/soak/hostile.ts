/**
 * `npm run soak -- hostile [--minutes 5] [--seed 0] [--point N] [--rounds N]`
 *
 * Hostile files, configs, folders, servers and requests, on this machine alone. Each trial names the promise of
 * docs/security.md that it holds TagPR to; round `r` of a trial depends on nothing but the seed, `r` and its name, so that a fault
 * comes back with the seed and `--rounds`. They run in a child of this process: one that hangs or dies is a fault too.
 * Ends with 1 where a promise was not kept.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { messageOf } from "../../src/core/errors.ts";
import { stream } from "../../src/core/random.ts";
import type { Trial } from "./hostile/trial.ts";
import { TRIALS } from "./hostile/trials.ts";

/** Nothing that is tried takes so long; starting an engine on a busy machine may take most of it. */
const HANG_MS = 120_000;

interface Ask {
  readonly trial: number;
  readonly round: number;
}
interface Told {
  readonly fault: string | null;
}

export async function tryOnce(trial: Trial, seed: number, round: number): Promise<string | null> {
  const dir = mkdtempSync(join(tmpdir(), "hostile-"));
  try {
    await trial.run({ random: stream("hostile", seed, trial.name, round), dir });
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function child(seed: number): void {
  process.on("message", ({ trial, round }: Ask) => {
    const one = TRIALS[trial];
    if (one === undefined) return;
    void tryOnce(one, seed, round).then((fault) => process.send?.({ fault } satisfies Told));
  });
}

/** One trial in a child: its fault, or that it hung or died, after which another child is needed. */
function inChild(worker: ChildProcess, ask: Ask): Promise<{ fault: string | null; lost: boolean }> {
  return new Promise((resolve) => {
    const done = (fault: string | null, lost: boolean): void => {
      clearTimeout(timer);
      worker.removeAllListeners();
      resolve({ fault, lost });
    };
    const timer = setTimeout(() => {
      worker.kill("SIGKILL");
      done(`no end after ${HANG_MS / 1000} s`, true);
    }, HANG_MS);
    worker.once("message", ({ fault }: Told) => done(fault, false));
    worker.once("exit", (code, signal) => done(`the process died (${signal ?? code})`, true));
    worker.send(ask);
  });
}

async function soak(minutes: number, rounds: number, seed: number, point: number | null): Promise<number> {
  const file = fileURLToPath(import.meta.url);
  const start = (): ChildProcess =>
    fork(file, ["--child", "--seed", String(seed)], { execArgv: ["--import", "tsx"], stdio: ["ignore", 2, 2, "ipc"] });
  let worker = start();
  const end = performance.now() + minutes * 60_000;
  const count = new Map<string, { tries: number; faults: number; first: string | null }>();
  for (let round = 0; round < rounds && performance.now() < end; round++)
    for (const [trial, one] of TRIALS.entries()) {
      if ((point !== null && one.point !== point) || (performance.now() > end && round > 0)) continue;
      const { fault, lost } = await inChild(worker, { trial, round });
      if (lost) worker = start();
      const name = `${one.point}: ${one.name}`;
      const sum = count.get(name) ?? { tries: 0, faults: 0, first: null };
      const told = fault === null ? null : `round ${round}: ${fault}`;
      if (told !== null && sum.first === null) console.error(`point ${name}: ${told}`);
      count.set(name, { tries: sum.tries + 1, faults: sum.faults + (told === null ? 0 : 1), first: sum.first ?? told });
    }
  worker.removeAllListeners();
  worker.disconnect();
  console.log(JSON.stringify({ seed, trials: Object.fromEntries(count) }, null, 2));
  return [...count.values()].some(({ faults }) => faults > 0) ? 1 : 0;
}

const USAGE = "npm run soak -- hostile [--minutes 5] [--seed 0] [--point N] [--rounds N]";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...{ minutes: { type: "string", default: "5" }, seed: { type: "string", default: "0" } },
      ...{ point: { type: "string" }, rounds: { type: "string", default: "1000000" } },
      ...{ child: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
    },
  });
  const numbers = [values.minutes, values.seed, values.rounds, values.point ?? "0"].map(Number);
  if (values.help || numbers.some((n) => !Number.isFinite(n) || n < 0)) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  const [minutes = 5, seed = 0, rounds = 1] = numbers;
  if (!values.child) return soak(minutes, rounds, seed, values.point === undefined ? null : Number(values.point));
  child(seed);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(`${messageOf(error)}\n${USAGE}`);
      process.exitCode = 2;
    },
  );
