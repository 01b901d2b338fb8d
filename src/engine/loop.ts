import { TagprError } from "../core/errors.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { learningRate, type Schedule } from "../core/schedule.ts";
import { readTinkerPath } from "./tinker-path.ts";
import type { AdamParams, Engine, TrainingClient, TrainOptions } from "./types.ts";

/** What every training loop needs of an engine: optimizer settings, checkpoints that count, a guard against NaN. */

export interface OptimizerConfig extends Schedule {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weight_decay: number;
  readonly grad_clip_norm: number;
}

/** AdamW at optimizer step `step` (from 0) of `total`. */
export function adamAt(config: OptimizerConfig, step: number, total: number): AdamParams {
  return {
    learningRate: learningRate(config, step, total),
    beta1: config.beta1,
    beta2: config.beta2,
    eps: config.eps,
    weightDecay: config.weight_decay,
    gradClipNorm: config.grad_clip_norm,
  };
}

/** The gradient norm among an engine's own metric names (`grad_norm:mean`, `skyrl.ai/grad_norm`); null where it says none. */
export function gradNorm(metrics: Readonly<Record<string, number>>): number | null {
  return Object.entries(metrics).find(([name]) => name.includes("grad_norm"))?.[1] ?? null;
}

/**
 * A model to train. What earlier attempts at the loop saved and its last checkpoint does not name goes first: a kill between
 * a save and the line that makes it count leaves the weights of a whole model, and nobody else knows of them.
 */
export async function openTraining(engine: Engine, log: LoopLog, options: TrainOptions): Promise<TrainingClient> {
  const needed = new Set(pathsIn(log.last).map(placeOf));
  for (const model of log.models)
    for (const path of await quietly(engine.saved(model), []))
      if (!needed.has(placeOf(path))) await quietly(engine.forget(path), undefined);
  const training = await engine.train(options);
  log.opened(training.modelId);
  return training;
}

/** Every `tinker://` path that a checkpoint names, wherever in it. */
const pathsIn = (checkpoint: unknown): string[] => JSON.stringify(checkpoint).match(/tinker:\/\/[^"\\]+/g) ?? [];

/** Weights to sample from and the state to train on from have one name: whoever needs one of them keeps both. */
function placeOf(path: string): string {
  const { model, name } = readTinkerPath(path);
  return `${model}/${name}`;
}

/** Saves checkpoints of a loop whose own state `S` is plain JSON. */
export interface Saver<S> {
  /** The loop's state at its last checkpoint, with the engine state that goes with it; null at the start. */
  readonly last: { readonly state: string; readonly loop: S } | null;
  /** Weights and optimizer first, then the line that makes them count, then what is no longer needed goes. Returns the state's path. */
  save(training: TrainingClient, step: number, loop: S): Promise<string>;
  /** A saved path that nothing needs once the next checkpoint stands. */
  discard(path: string): void;
}

/** `keep` states stay on disk, the newest among them: a run goes on from that, the others are for looking back. */
export function makeSaver<S>(engine: Engine, log: LoopLog, name: string, keep: number): Saver<S> {
  let states = (log.last?.extra.states ?? []) as string[];
  let garbage: string[] = [];
  return {
    last: log.last === null ? null : { state: log.last.state, loop: log.last.extra.loop as S },
    discard: (path) => {
      garbage.push(path);
    },
    save: async (training, step, loop) => {
      const state = await training.saveState(`${name}-${step}`);
      states = [...states, state];
      garbage.push(...states.slice(0, -keep));
      states = states.slice(-keep);
      log.checkpoint(step, state, { states, loop });
      for (const path of garbage) await quietly(engine.forget(path), undefined);
      garbage = [];
      return state;
    },
  };
}

/** Cleaning up costs disk when it fails, never a run: some engines list or delete nothing, and a replay may find it gone. */
async function quietly<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof TagprError)) throw error;
    return otherwise;
  }
}

/** Stops a run whose numbers are no longer numbers, before they reach the weights, with `batch` in stopped.jsonl. */
export function requireFinite(
  log: LoopLog,
  what: string,
  values: Iterable<number>,
  batch: () => readonly unknown[],
): void {
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    log.stopped({ kind: "not_finite", what, batch: batch() });
    throw new TagprError("engine", `${what} is not finite: training stopped, its last checkpoint is good`, {
      hint: "The batch stands in the stage's stopped.jsonl. Lower learning_rate, or set dtype to float32, and run again.",
    });
  }
}

/** An engine that finds a NaN itself refuses the request: its error passes on, with `batch` in stopped.jsonl. */
export async function keepingBatch<T>(
  log: LoopLog,
  batch: () => readonly unknown[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TagprError && error.code === "engine" && /\b(nan|inf(inity)?)\b/i.test(error.message))
      log.stopped({ kind: "not_finite", what: error.message, batch: batch() });
    throw error;
  }
}

/**
 * One AdamW step; its gradient norm, null where the engine says none. A norm that is not finite stops the run as
 * {@link requireFinite} does.
 */
export async function optimStep(
  { training, log }: { readonly training: TrainingClient; readonly log: LoopLog },
  adam: AdamParams,
  batch: () => readonly unknown[],
): Promise<number | null> {
  const norm = gradNorm(await keepingBatch(log, batch, () => training.optimStep(adam)));
  requireFinite(log, "the gradient norm", norm === null ? [] : [norm], batch);
  return norm;
}
