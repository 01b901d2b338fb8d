/**
 * `npm run soak -- kills [--only runs|chat] [--count 50] [--seed 0] [--longest 20] [--from 1] [--dir DIR]`
 *
 * Whole tiny runs on the real engine, killed −9 at seeded random delays: the command line, its engines, or both; half of
 * the kills wait for the next change below RUN/weights, to hit a save while it is written. Every run that gets through
 * must end with the bytes of one left alone, and have trained on every RL query once an epoch.
 * A life lasts up to `longest` seconds. Few kills want long lives (60 and more), or all of them fall on the first stages;
 * `--from 4` spares the run until its fourth stage (PRMU) has begun, and counts a life from there.
 * Then, as often, a process that asks a paid endpoint (a fake on loopback): no sample that came may be lost, and each kill may
 * pay twice for no more than was on its way.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  contents,
  type Event,
  killHard,
  startTagpr,
  type Tagpr,
  type Target,
  TINY,
  timesTrained,
} from "../../src/cli/testing/tiny-run.ts";
import { EXIT_CODES } from "../../src/core/errors.ts";
import { type Random, stream } from "../../src/core/random.ts";
import { killAsking } from "../../src/llm/testing/kill-asking.ts";

const USAGE = "npm run soak -- kills [--only runs|chat] [--count 50] [--seed 0] [--longest 20] [--from 1] [--dir DIR]";

function refuse(what: string): never {
  console.error(`${what}\n${USAGE}`);
  process.exit(EXIT_CODES.usage);
}

function options() {
  try {
    return parseArgs({
      options: {
        count: { type: "string", default: "50" },
        seed: { type: "string", default: "0" },
        longest: { type: "string", default: "20" },
        from: { type: "string", default: "1" },
        dir: { type: "string" },
        only: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const values = options();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const numbers = {
  ...{ count: Number(values.count), seed: Number(values.seed) },
  ...{ longest: Number(values.longest), from: Number(values.from) },
};
for (const [name, value] of Object.entries(numbers))
  if (!Number.isInteger(value) || value < 0) refuse(`--${name} wants a whole number, not ${values[name as "count"]}`);
if (values.only !== undefined && !["runs", "chat"].includes(values.only)) refuse(`--only is runs or chat`);

type Moment = "timer" | "save";
interface Tally {
  kills: Record<string, number>;
  stages: Record<string, number>;
  runs: number;
  /** Times that the command gave up, exit code 4: its engine was killed too often with nothing written in between. */
  gaveUp: number;
  faults: string[];
}

/** Waits until `from` has begun, then some seconds, then (half of the time) for the next write of weights; then kills. False when the run ended first. */
async function killOnce(
  running: Tagpr,
  run: string,
  random: Random,
  tally: Tally,
  stage: () => string,
  begun: Promise<void>,
): Promise<boolean> {
  const target = random.pick<Target>(["command", "engine", "both"]);
  const moment = random.pick<Moment>(["timer", "save"]);
  const over = new AbortController();
  void running.ended.then(() => over.abort());
  try {
    await Promise.race([begun, running.ended]);
    await delay(1000 * (0.1 + random.next() * numbers.longest), undefined, { signal: over.signal });
    if (moment === "save") await nextWrite(join(run, "weights"), over.signal);
  } catch {
    return false;
  }
  if (!killHard(running, target)) return false;
  const count = (of: Record<string, number>, name: string): void => {
    of[name] = (of[name] ?? 0) + 1;
  };
  count(tally.kills, `${target} (${moment})`);
  count(tally.stages, stage());
  return true;
}

function nextWrite(dir: string, signal: AbortSignal): Promise<void> {
  mkdirSync(dir, { recursive: true });
  return new Promise((resolve, reject) => {
    const watcher = watch(dir, { recursive: true, signal }, () => {
      watcher.close();
      resolve();
    });
    watcher.once("error", reject);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const total = (tally: Tally): number => Object.values(tally.kills).reduce((a, b) => a + b, 0);

/** One run, started again after every death until it is through. */
async function survive(config: string, run: string, random: Random, tally: Tally): Promise<void> {
  for (let idle = 0; ; ) {
    let stage = "start";
    const before = total(tally);
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const running = startTagpr(["run", config, "--out", run], ({ event, title = "" }: Event) => {
      if (event !== "start") return;
      stage = title.replace(/^\d+\/\d+ /, "");
      if (Number.parseInt(title, 10) >= numbers.from) begin();
    });
    while (total(tally) < numbers.count && (await killOnce(running, run, random, tally, () => stage, begun)));
    const code = await running.ended;
    if (code === 0) return;
    idle = total(tally) > before ? 0 : idle + 1;
    // That exit code is an engine's refusal too: who gives up again with nothing killed can't go on.
    if (code === EXIT_CODES.engine_lost && idle < 2) tally.gaveUp++;
    else if (code !== null) tally.faults.push(`${run}: exit code ${code}`);
    if (tally.faults.length > 5) return;
  }
}

/** Whole tiny runs until there were as many kills as were asked for. */
async function killRuns(dir: string): Promise<{ faults: readonly string[] }> {
  const config = join(dir, "tiny.yaml");
  writeFileSync(config, TINY);
  const straight = join(dir, "straight");
  const code = await startTagpr(["run", config, "--out", straight]).ended;
  if (code !== 0) throw new Error(`the run without kills ended with ${code}`);
  const expected = contents(straight);
  const trained = JSON.stringify([...timesTrained(straight, "guided"), ...timesTrained(straight, "explore")].sort());

  const tally: Tally = { kills: {}, stages: {}, runs: 0, gaveUp: 0, faults: [] };
  while (total(tally) < numbers.count && tally.faults.length < 5) {
    const run = join(dir, `killed-${tally.runs}`);
    await survive(config, run, stream("soak", numbers.seed, tally.runs), tally);
    tally.runs++;
    const got = existsSync(run) ? contents(run) : {};
    for (const file of new Set([...Object.keys(expected), ...Object.keys(got)]))
      if (got[file] !== expected[file]) tally.faults.push(`${run}/${file} differs`);
    const times = [...timesTrained(run, "guided"), ...timesTrained(run, "explore")].sort();
    if (JSON.stringify(times) !== trained) tally.faults.push(`${run}: prompts skipped or repeated`);
    console.error(`${total(tally)} of ${numbers.count} kills, ${tally.runs} runs, ${tally.faults.length} faults`);
  }
  const { kills: by_target, stages: by_stage, runs, gaveUp: gave_up, faults } = tally;
  return report("runs", { kills: total(tally), by_target, by_stage, runs, gave_up, faults });
}

const [SAMPLES, CONCURRENCY] = [4, 4];

/** One folder of answers, and a process that fills it, killed as often as was asked for. */
async function killChat(dir: string): Promise<{ faults: readonly string[] }> {
  const kills = numbers.count;
  const requests = 8 * (kills + 1);
  const random = stream("soak", numbers.seed, "chat");
  const asking = { dir: mkdtempSync(join(dir, "chat-")), kills, random, requests };
  const end = await killAsking({ ...asking, samples: SAMPLES, concurrency: CONCURRENCY });
  const most = kills * CONCURRENCY;
  const faults = [
    ...(end.killed === kills ? [] : [`${end.killed} of ${kills} kills hit`]),
    ...(end.lost === 0 ? [] : [`${end.lost} samples lost`]),
    ...(end.repeated === 0 ? [] : [`${end.repeated} samples kept twice`]),
    ...(end.paidTwice <= most
      ? []
      : [`${end.paidTwice} samples paid twice, of ${most} that were on their way at most`]),
  ];
  const { killed, asked, kept, lost, paidTwice: paid_twice } = end;
  return report("chat", { kills: killed, asked, kept, lost, paid_twice, paid_twice_at_most: most, faults });
}

function report<T extends object>(name: string, counts: T): T {
  console.log(JSON.stringify({ [name]: counts }, null, 2));
  return counts;
}

const dir = values.dir ?? mkdtempSync(join(tmpdir(), "tagpr-soak-"));
mkdirSync(dir, { recursive: true });
const faults = [
  ...(values.only === "chat" ? [] : (await killRuns(dir)).faults),
  ...(values.only === "runs" ? [] : (await killChat(dir)).faults),
];
if (values.dir === undefined && faults.length === 0) rmSync(dir, { recursive: true, force: true });
process.exitCode = faults.length === 0 ? 0 : 1;
