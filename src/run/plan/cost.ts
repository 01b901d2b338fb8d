import type { Assumptions } from "./assumptions.ts";
import type { Machine } from "./machines.ts";
import { cacheBytes, forwardFlops, parameters, type Shape } from "./shape.ts";
import type { Pass } from "./work-types.ts";

/** How an engine does its work, as far as cost hangs on it. */
export interface EngineStyle {
  /** One prompt's computation is shared by its completions in training and scoring, and logits are made for these alone. */
  readonly shared: boolean;
  /** Activations are computed again in the backward pass. */
  readonly recompute: boolean;
  /** Bytes of a weight in compute. */
  readonly bytes: number;
}

export const sampledTokens = (pass: Pass): number =>
  pass.kind === "sample" ? pass.groups * pass.each * pass.completion : 0;

/** Completion tokens that carry a loss. */
export const trainedTokens = (pass: Pass): number =>
  pass.kind === "train" ? pass.groups * pass.each * pass.completion : 0;

/**
 * FLOPs of a pass. Sampling reads a prompt once a group (prefix cache), and makes logits where it samples. A backward
 * pass costs twice its forward; recomputed activations cost one forward more. The reward head is nothing beside it.
 */
export function passFlops(pass: Pass, shape: Shape, style: EngineStyle): number {
  const { groups, each, prompt, completion } = pass;
  const head = pass.model === "reward" ? 0 : completion;
  const factor = pass.kind === "train" ? (style.recompute ? 4 : 3) : 1;
  if (pass.kind === "sample" || style.shared)
    return factor * groups * (forwardFlops(shape, prompt, 0, 0) + each * forwardFlops(shape, completion, prompt, head));
  const logits = pass.model === "reward" ? 0 : prompt + completion;
  return factor * groups * each * forwardFlops(shape, prompt + completion, 0, logits);
}

/** Seconds of a pass: computing at the machine's assumed use; sampling waits for memory too ({@link decodeSeconds}). */
export function passSeconds(
  pass: Pass,
  shape: Shape,
  style: EngineStyle,
  machine: Machine,
  assumed: Assumptions,
): number {
  const use = pass.kind === "train" ? machine.trainUse : machine.forwardUse;
  const speed = machine.devices * machine.peak * use;
  if (pass.kind !== "sample") return passFlops(pass, shape, style) / speed;
  const prefill = (pass.groups * forwardFlops(shape, pass.prompt, 0, 0)) / speed;
  return prefill + decodeSeconds(pass, shape, style, machine, assumed);
}

/**
 * A unit decodes until its longest response ends: completion · `longest` steps. A step reads all weights, and the
 * caches of the sequences still going, from memory; or computes them, whichever takes longer. Sequences are spread
 * evenly over the devices, each of which holds the whole model.
 */
function decodeSeconds(pass: Pass, shape: Shape, style: EngineStyle, machine: Machine, assumed: Assumptions): number {
  const { groups, each, prompt, completion, units } = pass;
  const steps = units * completion * assumed.longest;
  if (steps === 0) return 0;
  const going = (groups * each) / units / assumed.longest / machine.devices;
  // The embedded engine keeps one cache of a prompt for its group; vLLM's blocks are shared too, but read once a sequence.
  const prompts = style.shared ? prompt / each : prompt;
  const read = parameters(shape) * style.bytes + going * (prompts + completion / 2) * cacheBytes(shape, style.bytes);
  const computed = going * forwardFlops(shape, 1, prompt + completion / 2, 1);
  const step = Math.max(
    read / (machine.bandwidth * machine.bandwidthUse),
    computed / (machine.peak * machine.forwardUse),
  );
  return steps * (step + machine.stepSeconds) + (sampledTokens(pass) / machine.devices) * machine.tokenSeconds;
}
