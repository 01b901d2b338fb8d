/** Floating-point operations of matrix products, as our engine does them: what stands against the measured GEMM rate. */
import type { Size, Work } from "./sizes.ts";

/** Weights (multiply-adds a token) of one layer, of its keys and values alone, of the head; `attention`: heads × head size. */
export interface Shape {
  readonly layers: number;
  readonly layer: number;
  readonly kv: number;
  readonly head: number;
  readonly attention: number;
}

interface Pass {
  /** Sequences' tokens, each counted once where several share it. */
  readonly tokens: number;
  /** Pairs of a query and a key, a layer; and those of the queries that the last layer has. */
  readonly pairs: number;
  readonly lastPairs: number;
  /** Rows that somebody looks at. */
  readonly looked: number;
  readonly logits: number;
}

function forward(shape: Shape, { tokens, pairs, lastPairs, looked, logits }: Pass): number {
  const { layers, layer, kv, head, attention } = shape;
  const weights = (layers - 1) * layer * tokens + kv * tokens + (layer - kv) * looked + head * logits;
  return 2 * weights + 4 * attention * ((layers - 1) * pairs + lastPairs);
}

/** Prompts with their completions behind them; `looked` rows a completion. */
function tree(size: Size, completions: number, looked: number, logits: boolean): Pass {
  const { groups, prompt, completion } = size;
  const own = completions * completion * (prompt + completion / 2);
  const rows = groups * completions * looked;
  return {
    tokens: groups * (prompt + completions * completion),
    pairs: groups * (prompt ** 2 / 2 + own),
    lastPairs: looked === 1 ? rows * (prompt + completion) : groups * own,
    looked: rows,
    logits: logits ? rows : 0,
  };
}

function sampling(shape: Shape, size: Size): number {
  const { groups, prompt, rollouts, completion } = size;
  const filled = { tokens: groups * prompt, pairs: (groups * prompt ** 2) / 2, lastPairs: groups * prompt };
  const tokens = groups * rollouts * completion;
  const pairs = tokens * (prompt + completion / 2);
  const decoded = { tokens, pairs, lastPairs: pairs, looked: tokens, logits: tokens };
  return forward(shape, { ...filled, looked: groups, logits: groups }) + forward(shape, decoded);
}

const training = (shape: Shape, size: Size): number =>
  3 * forward(shape, tree(size, size.rollouts, size.completion, true));

/** By phase; a backward pass costs two forward ones. */
export function flopsOf(work: Work, shape: Shape, size: Size): Readonly<Record<string, number>> {
  if (work === "W1") return { sample: sampling(shape, size), train: training(shape, size) };
  if (work === "W2") return { train: training(shape, size) };
  if (work === "W3") return { sample: sampling(shape, size) };
  return { train: 3 * forward(shape, tree(size, 2, 1, false)) };
}
