import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Random } from "../../core/random.ts";
import { startFakeEndpoint } from "./fake-endpoint.ts";
import { completion } from "./manners.ts";

export interface KillAsking {
  /** An empty folder for the answers. */
  readonly dir: string;
  readonly kills: number;
  readonly random: Random;
  readonly requests: number;
  /** Of each request. */
  readonly samples: number;
  readonly concurrency: number;
}

export interface Asking {
  /** Lives that ended by SIGKILL. */
  readonly killed: number;
  /** Samples that the endpoint was asked for; each is paid for. */
  readonly asked: number;
  /** Samples on disk at the end. */
  readonly kept: number;
  /** Samples that were on disk after a kill and are no more, or that the end is short of. */
  readonly lost: number;
  /** Samples that are on disk more than once. */
  readonly repeated: number;
  /** Asked for and not kept: these were on their way at a kill. */
  readonly paidTwice: number;
  /** Completion tokens that the last life counts; a sample has five. */
  readonly tokens: number;
}

const script = fileURLToPath(new URL("./ask-all.ts", import.meta.url));

/** A process that asks for samples one by one and keeps them, killed −9 again and again, then left to finish. */
export async function killAsking(options: KillAsking): Promise<Asking> {
  const { dir, kills, random, requests, samples, concurrency } = options;
  const total = requests * samples;
  const sums = { asked: 0, killed: 0 };
  let child: ChildProcess | undefined;
  let fatal = Number.POSITIVE_INFINITY;
  const server = await startFakeEndpoint({
    answer: (asked) => {
      // A kill by count, not by the clock, in the middle of other answers.
      if (++sums.asked === fatal) child?.kill("SIGKILL");
      return { ...completion({ ...asked, n: 1 }, { content: `sample ${sums.asked}` }), after: sums.asked % 5 };
    },
  });
  const args = [server.url, dir, "m", requests, samples, concurrency].map(String);
  const before = new Set<string>();
  let spent = "";
  for (let life = 0; life <= kills; life++) {
    fatal = life < kills ? sums.asked + 1 + random.int(Math.floor(total / (kills + 1))) : Number.POSITIVE_INFINITY;
    child = spawn(process.execPath, ["--import", "tsx", script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout?.on("data", (part) => {
      spent += part;
    });
    const [code, signal] = await once(child, "close");
    if (signal === "SIGKILL") sums.killed++;
    else if (code !== 0) throw new Error(`${script} ended with ${signal ?? code}`);
    for (const text of textsIn(dir)) before.add(text);
  }
  await server.close();
  const texts = textsIn(dir);
  const kept = new Set(texts);
  return {
    ...{ ...sums, kept: texts.length, repeated: texts.length - kept.size },
    lost: [...before].filter((text) => !kept.has(text)).length + Math.max(0, total - kept.size),
    paidTwice: sums.asked - texts.length,
    tokens: (JSON.parse(spent) as { completionTokens: number }).completionTokens,
  };
}

/** The samples of all lines that are whole. */
function textsIn(dir: string): string[] {
  const file = join(dir, "teacher.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(1).filter(Boolean) : [];
  return lines.flatMap((line) => {
    try {
      return (JSON.parse(line) as { value: { texts: string[] } }).value.texts;
    } catch {
      return []; // torn by a kill
    }
  });
}
