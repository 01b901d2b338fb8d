import { configSchema } from "../../core/config/schema.ts";
import { stream } from "../../core/random.ts";
import type { Checkpoint, LoopLog } from "../../core/run-dir.ts";
import type { Task } from "../../data/task.ts";
import { loadTask } from "../../data/task-file.ts";
import type { QueryId, ShownExample, UserId } from "../../data/types.ts";
import {
  type FakeDisk,
  Killed,
  killAfter,
  makeDisk,
  makeFakeEngine,
  pieceCodec,
} from "../../engine/testing/fake-engine.ts";
import type { Engine } from "../../engine/types.ts";

/** A world of one question for the fake engine's bigram: `?` is asked, the steps are the same, the answer may vary. */
export const STEPS = ["analyze_input", "examine_examples", "make_decision"] as const;
const step = (tag: string): string => `<${tag}>as before</${tag}>`;
export const chainFor = (answer: string): string => `<think>${STEPS.map(step).join("")}</think>${answer}`;
export const codec = pieceCodec([
  "?",
  "<think>",
  "</think>",
  ...STEPS.map(step),
  "comedy",
  "dystopia",
  "romance",
  "hm",
]);
export const tasks: readonly Task[] = [loadTask("LaMP_2")];
export const base = configSchema.parse({});

export function makeExamples(n: number, gold: (i: number) => string = () => "comedy", users = 4): ShownExample[] {
  return Array.from({ length: n }, (_, i) => ({
    task: "LaMP_2",
    id: `q${i}` as QueryId,
    user: `u${i % users}` as UserId,
    input: "?",
    shown: [],
    historyItems: 0,
    gold: gold(i),
  }));
}

export const promptOf = (): number[] => codec.encode("?");

type Rows = Record<"metrics" | "timings" | "samples", unknown[]>;

/** What a loop has logged, and its checkpoints: a stage's folder, in memory. */
export interface Memory {
  readonly rows: Rows;
  readonly checkpoints: Checkpoint[];
  readonly models: string[];
  readonly stopped: unknown[];
}

/** Opens a memory as `openLoop` opens a folder: what stands after the last checkpoint is cut off. */
export function openMemory(memory: Memory): LoopLog {
  const { rows, checkpoints, models } = memory;
  const last = checkpoints.at(-1) ?? null;
  for (const name of ["metrics", "timings", "samples"] as const) rows[name].length = last?.lines[name] ?? 0;
  const add = (name: keyof Rows, more: readonly unknown[]): void => {
    rows[name].push(...more.map((row): unknown => JSON.parse(JSON.stringify(row))));
  };
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  return {
    last: copy(last),
    models: copy(models),
    opened: (model) => void models.push(model),
    metrics: (row) => add("metrics", [row]),
    timings: (row) => add("timings", [row]),
    samples: (more) => add("samples", more),
    stopped: (row) => void memory.stopped.push(copy(row)),
    checkpoint: (step, state, extra = {}) => {
      const lines = { metrics: rows.metrics.length, timings: rows.timings.length, samples: rows.samples.length };
      checkpoints.push(copy({ step, state, lines, extra }));
    },
  };
}

export const newMemory = (): Memory => ({
  rows: { metrics: [], timings: [], samples: [] },
  checkpoints: [],
  models: [],
  stopped: [],
});

type Train<T> = (engine: Engine, log: LoopLog) => Promise<T>;

/** A run that nothing disturbs. */
export async function runWhole<T>(train: Train<T>, disk: FakeDisk = makeDisk()): Promise<Rows & { result: T }> {
  const memory = newMemory();
  const result = await train(makeFakeEngine({ vocab: codec.vocab, disk }), openMemory(memory));
  return { ...memory.rows, result };
}

/** The same run, killed again and again at random calls of the engine, each time started anew on the same log. */
export async function runKilled<T>(
  train: Train<T>,
  seed: number,
  options: { readonly disk?: FakeDisk; readonly open?: () => LoopLog } = {},
): Promise<Rows & { result: T; kills: number }> {
  const memory = newMemory();
  const disk = options.disk ?? makeDisk();
  const open = options.open ?? (() => openMemory(memory));
  const random = stream("kills", seed);
  for (let kills = 0; ; kills++) {
    const onCall = killAfter(3 + random.int(40 + 20 * kills));
    try {
      const result = await train(makeFakeEngine({ vocab: codec.vocab, disk, onCall }), open());
      return { ...memory.rows, result, kills };
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
}
