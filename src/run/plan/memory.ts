import type { Config } from "../../core/config/schema.ts";
import type { EngineStyle } from "./cost.ts";
import { cacheBytes, largestLayer, parameters, type Shape } from "./shape.ts";

/** Bytes a device, by what they are for. */
export interface Memory {
  readonly weights: number;
  readonly gradients: number;
  readonly optimizer: number;
  /** One layer gathered whole in the compute type, and the next one on its way (FSDP); 0 on one device. */
  readonly gathered: number;
  readonly activations: number;
  /** Sampler beside it: its own copy of the weights (none on one device), and keys and values. */
  readonly sampler: number;
  readonly cache: number;
}

/** While training, and while sampling; engines that take turns on a device (sleep, offload) need the larger of both. */
export const trainingBytes = (m: Memory): number => m.weights + m.gradients + m.optimizer + m.gathered + m.activations;
export const samplingBytes = (m: Memory): number => m.sampler + m.cache;

interface Load {
  /** Longest sequence, prompt and completion, and the part of it that logits are made for. */
  readonly longest: number;
  readonly logits: number;
  /** Sequences sampled at once on a device. */
  readonly sampling: number;
  /** Mean tokens that each of them keeps. */
  readonly kept: number;
}

/** Floats that a layer keeps a token when it is not computed again: inputs of its matrices, attention, norms, gates. */
const KEPT_WIDTHS = 8;
const KEPT_INNER = 3;

/**
 * fp32 masters, gradients and two AdamW moments (4 + 4 + 8 bytes a parameter) over `devices` shards; with bf16 compute
 * the gathered layers besides. Activations of one longest sequence: a hidden state a layer and token where activations
 * are computed again (plus one layer in full), else every layer in full; logits, their softmax and gradient in fp32.
 */
export function memoryOf(shape: Shape, style: EngineStyle, devices: number, load: Load): Memory {
  const n = parameters(shape);
  const layer = (KEPT_WIDTHS * shape.width + 2 * shape.queryWidth + KEPT_INNER * shape.inner) * style.bytes;
  const layers = style.recompute ? shape.layers * shape.width * style.bytes + layer : shape.layers * layer;
  const logits = load.logits * 3 * 4 * shape.vocab;
  return {
    weights: (4 * n) / devices + (devices === 1 && style.bytes === 2 ? 2 * n : 0),
    gradients: (4 * n) / devices,
    optimizer: (8 * n) / devices,
    gathered: devices === 1 ? 0 : 2 * style.bytes * largestLayer(shape),
    activations: load.longest * layers + logits,
    sampler: devices === 1 ? 0 : style.bytes * n,
    cache: load.sampling * load.kept * cacheBytes(shape, style.bytes),
  };
}

/** The heaviest sampling of a run: a batch of RL. */
export function loadOf(config: Config, devices: number, meanTokens: number, shared: boolean): Load {
  const { guided, prompt } = config;
  const completion = Math.max(guided.max_tokens, config.explore.max_tokens);
  return {
    longest: prompt.max_tokens + completion,
    logits: shared ? completion : prompt.max_tokens + completion,
    sampling: (guided.batch * guided.rollouts) / devices,
    kept: meanTokens,
  };
}
