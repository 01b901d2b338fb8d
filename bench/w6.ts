/**
 * W6: reading a LaMP-4 train file of 860 MB (made up from the news items of `fixtures/`): MB/s and peak memory, beside
 * Python's `json.load`, which is how the official code reads it (and needs some gigabytes).
 *
 *   npx tsx bench/w6.ts [--megabytes 860] [--file train_questions.json] [--rounds 1] [--json]
 */

import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLamp } from "../src/data/lamp/read.ts";
import { scanRecords } from "../src/data/lamp/scan.ts";
import { loadTask } from "../src/data/task-file.ts";
import {
  argument,
  asJson,
  type Measurement,
  median,
  peakGb,
  say,
  sayJson,
  startPeer,
  type Timed,
} from "./side-by-side.ts";
import { articles } from "./texts.ts";

/** Queries with 50 to 500 items each until the file has its size. Returns the number of queries. */
async function makeUp(path: string, bytes: number): Promise<number> {
  const items = articles();
  const file = createWriteStream(path);
  let [size, n] = [0, 0];
  while (size < bytes) {
    const input = `Generate a headline for the following article: ${items[n % items.length]?.text}`;
    const profile = Array.from({ length: 50 + ((n * 37) % 450) }, (_, k) => ({
      ...items[(n * 131 + k) % items.length],
      id: `${n}-${k}`,
    }));
    const text = `${n === 0 ? "[" : ", "}${JSON.stringify({ id: `q${n}`, user_id: `u${n}`, input, profile })}`;
    if (!file.write(text)) await once(file, "drain");
    size += Buffer.byteLength(text);
    n++;
  }
  file.end("]");
  await once(file, "finish");
  return n;
}

async function measure(name: string, megabytes: number, read: () => AsyncIterable<unknown>): Promise<number> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let n = 0;
  for await (const _ of read()) n++;
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const busy = (used.user + used.system) / 1e6;
  say(`${name}: ${n} records, ${rates(megabytes, { wall: seconds, cpu: busy })}, peak ${peakGb().toFixed(2)} GB`);
  return seconds;
}

const rates = (megabytes: number, { wall, cpu }: Timed): string =>
  `${(megabytes / wall).toFixed(0)} MB/s by the wall, ${(megabytes / cpu).toFixed(0)} MB/s by the processor`;

/** Median seconds of reading alternately by the peer and by us, and the peaks. */
async function compare(questions: string, outputs: string | null): Promise<Measurement & { mb_per_s: number }> {
  const megabytes = statSync(questions).size / 1e6;
  const peer = await startPeer(join(import.meta.dirname, "peers/w6.py"));
  const seconds: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
  let peerPeak = 0;
  for (let round = 0; round < Number(argument("--rounds", "1")); round++) {
    const theirs = await peer.ask<Timed & { peak_gb: number; records: number }>({ read: questions });
    peerPeak = theirs.peak_gb;
    say(
      `json.load (Python): ${theirs.records} records, ${rates(megabytes, theirs)}, peak ${theirs.peak_gb.toFixed(2)} GB`,
    );
    seconds.peer.push(theirs.wall);
    seconds.ours.push(await measure("examples", megabytes, () => readLamp(loadTask("LaMP_4"), questions, outputs)));
  }
  peer.stop();
  const [ours, theirs] = [median(seconds.ours), median(seconds.peer)];
  const compared = { ours, peer: theirs, ratio: theirs / ours, peak_gb: peakGb(), peer_peak_gb: peerPeak };
  return { ...compared, of_limit: null, mb_per_s: megabytes / ours };
}

const given = argument("--file", "");
const dir = mkdtempSync(join(tmpdir(), "w6-"));
try {
  const questions = given === "" ? join(dir, "train_questions.json") : given;
  if (given === "") {
    const n = await makeUp(questions, Number(argument("--megabytes", "860")) * 1e6);
    const golds = Array.from({ length: n }, (_, i) => ({ id: `q${i}`, output: "a headline" }));
    writeFileSync(join(dir, "train_outputs.json"), JSON.stringify({ task: "LaMP_4", golds }));
  }
  const found = await compare(questions, given === "" ? join(dir, "train_outputs.json") : null);
  if (!asJson) await measure("records alone", statSync(questions).size / 1e6, () => scanRecords(questions));
  sayJson(found);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
