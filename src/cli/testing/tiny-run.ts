import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readJsonl } from "../../core/jsonl.ts";
import { filesBelow } from "../../core/run-dir.ts";
import { testPython } from "../../engine/testing/tiny-model.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Every stage of the quickstart, with as little in it as still goes through all of them. */
export const TINY = `
name: tiny
data: { users: { train: 20, dev: 6, test: 12 }, chains: 24, rl: 16, prmu: 12, dev: 8, test: 16 }
prompt: { max_tokens: 640 }
chains: { rollouts: 4, explore: 12, tags: 5 }
sft: { learning_rate: 5.0e-4, batch: 8, epochs: 3, eval_every: 2, checkpoint_every: 1 }
prmu: { rollouts: 3, prp_pairs: 24, pqp_pairs: 24, batch: 8, checkpoint_every: 1, max_tokens: 160 }
guided: &rl { learning_rate: 1.0e-4, epochs: 1, batch: 8, rollouts: 3, updates: 2, advantage_delta: 0.05, max_tokens: 160, validate_every: 1, checkpoint_every: 1 }
explore: { <<: *rl }
gold: { learning_rate: 5.0e-4, batch: 8, epochs: 1, checkpoint_every: 1 }
rejection: { learning_rate: 5.0e-4, batch: 8, epochs: 1, checkpoint_every: 1 }
eval: { methods: [zero-shot, rag-r, sft, sft-r, sft-rejection, guided, tagpr], max_tokens: 160, batch: 8, bootstrap: 200 }
engines: { policy: &e { threads: 1, device: cpu, dtype: float32 }, reward: *e, embeddings: *e }
`;

export interface Event {
  readonly event: string;
  readonly title?: string;
  readonly done?: number;
  readonly line?: string;
}

/** The real command line, at work. */
export interface Tagpr {
  readonly child: ChildProcess;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

export function startTagpr(argv: readonly string[], onEvent: (event: Event) => void = () => {}): Tagpr {
  const env = { ...process.env, TAGPR_PYTHON: testPython(process.env) };
  const args = ["--import", "tsx", join(ROOT, "src", "cli", "main.ts"), ...argv, "--json", "--debug"];
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  createInterface({ input: child.stdout }).on("line", (line) => onEvent(JSON.parse(line) as Event));
  return { child, ended: new Promise((resolve) => child.once("close", resolve)) };
}

export type Target = "command" | "engine" | "both";

/** Kill −9 of the command line, of its engines, or of all at once; answers whether there was anything to kill. */
export function killHard({ child }: Tagpr, target: Target): boolean {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
  const engines = target === "command" ? [] : enginesOf(child.pid);
  if (target === "engine" && engines.length === 0) return false;
  if (target !== "engine") child.kill("SIGKILL");
  for (const pid of engines) process.kill(pid, "SIGKILL");
  return true;
}

/** Children of a process that are Python: the embedded engines. */
function enginesOf(parent: number): number[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const [pid, ppid, ...args] = line.trim().split(/\s+/);
    return Number(ppid) === parent && args.includes("tagpr_engine") ? [Number(pid)] : [];
  });
}

/** Everything that must not hang on where a run was cut: metrics, samples, predictions, models. No clock is in it, and nothing of the attempts. */
export function contents(run: string): Record<string, string> {
  const wanted = /^(data|chains|sft|prmu|guided|explore|eval)\/.*\.(jsonl|json)$/;
  const clocks = /\/(timings\.jsonl|models\.jsonl|stage\.json|begun\.json)$/;
  const files = filesBelow(run).filter((file) => wanted.test(file) && !clocks.test(file));
  return Object.fromEntries(files.map((file) => [file, modelNames(readFileSync(join(run, file), "utf8"))]));
}

/** Engines name models as they come: the names, and the keys that hang on them, differ; the weights must not. */
const modelNames = (text: string): string =>
  text.replace(/tinker:\/\/[^/"]+\//g, "tinker://MODEL/").replace(/"made_by": "\w+"/, '"made_by": "KEY"');

/** How often each query was trained on in an RL stage. */
export function timesTrained(run: string, stage: "guided" | "explore"): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of readJsonl<{ kind?: string; queries?: string[] }>(join(run, stage, "samples.jsonl")))
    for (const query of row.kind === "batch" ? (row.queries ?? []) : [])
      counts.set(query, (counts.get(query) ?? 0) + 1);
  return counts;
}
