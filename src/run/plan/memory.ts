import type { Config } from "../../core/config/schema.ts";
import type { EngineStyle } from "./cost.ts";
import { CARDS, type Role } from "./machines.ts";
import { adapterParameters, bodyParameters, cacheBytes, largestLayer, parameters, type Shape } from "./shape.ts";

/** Bytes a device, by what they are for. */
export interface Memory {
  readonly weights: number;
  readonly gradients: number;
  readonly optimizer: number;
  /** One layer gathered whole in the compute type, and the next one on its way (FSDP); 0 on one device. */
  readonly gathered: number;
  readonly activations: number;
  /** Sampler beside it: its own copy of the weights (on one device that of adapters' merged layers alone). */
  readonly sampler: number;
  /** While it samples: the weights in another layout on a processor, keys and values. */
  readonly laid: number;
  readonly cache: number;
}

/** While training, and while sampling; engines that take turns on a device (sleep, offload) need the larger of both. */
export const trainingBytes = (m: Memory): number => m.weights + m.gradients + m.optimizer + m.gathered + m.activations;
export const samplingBytes = (m: Memory): number => m.sampler + m.laid + m.cache;

interface Load {
  /** Tokens of one pass, and those of them that logits are made for. */
  readonly tokens: number;
  readonly logits: number;
  /** Sequences sampled at once on a device. */
  readonly sampling: number;
  /** Mean tokens that each of them keeps. */
  readonly kept: number;
}

/** Floats that a layer keeps a token when it is not computed again: inputs of its matrices, attention, norms, gates. */
const KEPT_WIDTHS = 8;
const KEPT_INNER = 3;

/** The embedded engine makes logits in chunks: softmax that is kept, and three chunks at work (`heads.py`; a large GPU is let have more). */
const HELD_LOGITS = (256 + 3 * 64) * 2 ** 20;

/**
 * fp32 masters, gradients and two AdamW moments (4 + 4 + 8 bytes a parameter) over `devices` shards; with bf16 compute
 * the gathered layers besides. Activations of one pass: a hidden state a layer and token where activations
 * are computed again (plus one layer in full), else every layer in full; logits, their softmax and gradient in fp32.
 * With adapters of `rank` the base's weights stand in the compute type, only the adapters have masters, gradients and
 * moments, and what samples is a second copy of the layers and of the unembedding, merged. `copies` of the weights: `kl` keeps a second one.
 */
export function memoryOf(
  shape: Shape,
  style: EngineStyle,
  devices: number,
  load: Load,
  { rank = 0, copies = 1, packs = false, unembedding = false }: Held = {},
): Memory {
  const n = parameters(shape);
  const trained = rank > 0 ? adapterParameters(shape, rank, { unembedding }) : n;
  const base = rank > 0 ? style.bytes * n : 0;
  const merged =
    rank > 0 && load.sampling > 0
      ? style.bytes * (bodyParameters(shape) + (unembedding ? shape.vocab * shape.width : 0))
      : 0;
  const layer = (KEPT_WIDTHS * shape.width + 2 * shape.queryWidth + KEPT_INNER * shape.inner) * style.bytes;
  const layers = style.recompute ? shape.layers * shape.width * style.bytes + layer : shape.layers * layer;
  const whole = load.logits * 3 * 4 * shape.vocab;
  const logits = style.shared ? Math.min(whole, HELD_LOGITS) : whole;
  return {
    weights: copies * ((base + 4 * trained) / devices + (devices === 1 && style.bytes === 2 ? 2 * trained : 0)),
    gradients: (4 * trained) / devices,
    optimizer: (8 * trained) / devices,
    gathered: devices === 1 ? 0 : 2 * style.bytes * largestLayer(shape),
    activations: load.tokens * layers + logits,
    sampler: devices === 1 ? merged : style.bytes * n,
    laid: packs ? packedBytes(style.bytes * n) : 0,
    cache: load.sampling * load.kept * cacheBytes(shape, style.bytes),
  };
}

/** On a processor the last rows of a batch are decoded over a copy of the weights in another layout, where it pays (`packed.py`). */
const packedBytes = (weights: number): number => (weights >= 16 * 2 ** 20 && weights <= 4 * 2 ** 30 ? weights : 0);

/** What is held of a model: adapters of this rank (0 = all parameters), and so many copies of its weights. */
interface Held {
  readonly rank?: number;
  /** Whether the unembedding has an adapter too. */
  readonly unembedding?: boolean;
  readonly copies?: number;
  /** Whether a processor samples from it. */
  readonly packs?: boolean;
}

export const heldOf = ({ guided, explore, prmu }: Config, role: Role): Held =>
  role === "reward"
    ? { rank: prmu.rank, unembedding: false }
    : { rank: guided.rank, unembedding: true, copies: guided.kl.weight > 0 || explore.kl.weight > 0 ? 2 : 1 };

/** Bytes that one GPU needs for all embedded models of a run together, and the cards that have them with a tenth to spare. */
export interface Cards {
  readonly bytes: number;
  readonly fit: readonly string[];
}

const SPARE = 0.9;

/** @param parts of the models whose embedded engine may be on a GPU */
export function cardsOf(parts: readonly Memory[]): Cards | null {
  if (parts.length === 0) return null;
  const bytes = together(parts);
  return { bytes, fit: CARDS.filter(({ memory }) => bytes <= SPARE * memory).map(({ device }) => device) };
}

/** Python with PyTorch and transformers, before there is a model; measured on Linux. */
const LIBRARIES = 0.78e9;

/** The engine holds a quarter of what is in use for its next step (`memory.py`); so much of it the parts' bounds hold already, measured. */
const KEPT_FREE = { share: 1 / 4, held: 256 * 2 ** 20 };

/** Resident memory of an embedded engine on the processor. @param parts of the models that it may hold there */
export function processorOf(parts: readonly Memory[]): number | null {
  if (parts.length === 0) return null;
  const used = LIBRARIES + together(parts);
  return used + Math.max(0, KEPT_FREE.share * used - KEPT_FREE.held);
}

/** What stands all the time, and the larger of what comes and goes. */
function together(parts: readonly Memory[]): number {
  const standing = parts.reduce((sum, m) => sum + m.weights + m.gradients + m.optimizer + m.sampler, 0);
  return standing + Math.max(...parts.flatMap((m) => [m.activations, m.laid + m.cache]));
}

/**
 * The heaviest sampling of a run, a batch of RL, and its heaviest pass. A remote engine passes one longest sequence at a
 * time; the embedded one fills `token_budget` with as much of an optimizer step as fits, a group's prompt once, and
 * takes a longer sequence alone. All by the cut-offs: a run whose prompts and responses are shorter needs less.
 */
export function loadOf(config: Config, role: Role, devices: number, mean: { prompt: number; response: number }): Load {
  const { guided, explore, prompt, engines } = config;
  const completion = Math.max(guided.max_tokens, explore.max_tokens);
  const longest = prompt.max_tokens + completion;
  const { kind, token_budget: budget, cache_tokens: cache } = engines[role];
  const rows = (guided.batch * guided.rollouts) / devices;
  if (kind !== "embedded")
    return { tokens: longest, logits: longest, sampling: rows, kept: mean.prompt + mean.response };
  // A prompt once a group, and room for each roll-out at its longest, as many at once as the cache may hold.
  const room = guided.batch * (mean.prompt + guided.rollouts * completion);
  const sampled = { sampling: rows, kept: Math.min(room, cache) / rows };
  const steps = role === "policy" ? policySteps(config) : [{ groups: config.prmu.batch, each: 2 }];
  const passes = steps.map(({ groups, each }) => {
    const group = prompt.max_tokens + each * completion;
    const tokens = Math.max(longest, Math.min(budget, groups * group));
    // Whole groups, and of the last one what of it still fits, behind its prompt.
    const rest = Math.max(0, (tokens % group) - prompt.max_tokens);
    return { tokens, logits: Math.floor(tokens / group) * each * completion + rest };
  });
  return {
    tokens: Math.max(...passes.map(({ tokens }) => tokens)),
    logits: Math.max(...passes.map(({ logits }) => logits)),
    ...sampled,
  };
}

/** Groups of one prompt, and completions of each, that an optimizer step trains the policy on. */
const policySteps = ({ sft, guided, explore }: Config): { readonly groups: number; readonly each: number }[] => [
  { groups: sft.batch, each: 1 },
  ...[guided, explore].map(({ batch, updates, rollouts }) => ({ groups: Math.ceil(batch / updates), each: rollouts })),
];
