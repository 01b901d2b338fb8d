/**
 * W6: reading a LaMP-4 train file of 860 MB (made up from ../shared/data's headlines): MB/s and peak memory.
 *
 *   npx tsx bench/w6.ts [--megabytes 860] [--file train_questions.json]
 *
 */

import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLamp } from "../src/data/lamp/read.ts";
import { scanRecords } from "../src/data/lamp/scan.ts";
import { loadTask } from "../src/data/task-file.ts";
import { argument } from "./side-by-side.ts";

const DATA = join(import.meta.dirname, "../../shared/data/news_headline/train_questions.json");

interface Question {
  readonly input: string;
  readonly user_id: string;
  readonly profile: readonly object[];
}

/** Queries with 50 to 500 items each until the file has its size. Returns the number of queries. */
async function makeUp(path: string, bytes: number): Promise<number> {
  const questions = JSON.parse(readFileSync(DATA, "utf8")) as Question[];
  const items = questions.flatMap(({ profile }) => profile);
  const file = createWriteStream(path);
  let [size, n] = [0, 0];
  while (size < bytes) {
    const { input, user_id } = questions[n % questions.length] as Question;
    const profile = Array.from({ length: 50 + ((n * 37) % 450) }, (_, k) => ({
      ...items[(n * 131 + k) % items.length],
      id: `${n}-${k}`,
    }));
    const text = `${n === 0 ? "[" : ", "}${JSON.stringify({ id: `q${n}`, user_id, input, profile })}`;
    if (!file.write(text)) await once(file, "drain");
    size += Buffer.byteLength(text);
    n++;
  }
  file.end("]");
  await once(file, "finish");
  return n;
}

async function measure(name: string, megabytes: number, read: () => AsyncIterable<unknown>): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let n = 0;
  for await (const _ of read()) n++;
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  const busy = (used.user + used.system) / 1e6;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${name}: ${n} records, ${(megabytes / seconds).toFixed(0)} MB/s by the wall, ${(megabytes / busy).toFixed(0)} MB/s by the processor, peak ${peak.toFixed(0)} MB`,
  );
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
  const outputs = given === "" ? join(dir, "train_outputs.json") : null;
  const megabytes = statSync(questions).size / 1e6;
  await measure("examples", megabytes, () => readLamp(loadTask("LaMP_4"), questions, outputs));
  await measure("records alone", megabytes, () => scanRecords(questions));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
